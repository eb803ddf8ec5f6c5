import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeSbom } from '../../lib/cli/sbom/make-sbom.ts';
import { parsePackageUrl } from '../../lib/formats/purl/index.ts';
import { memoryInventoryStore, memorySbomStore } from '../../lib/sbom/adapters/memory.ts';
import { createSbom, describeForm, parseSbomForm, readSbom, type Sbom, writeSbom } from '../../lib/sbom/index.ts';
import { sbomOf } from '../lib/sbom/catalogers/packages-of.ts';
import { apkDatabase, buildImage, osRelease, packageJson, sourceOf } from '../lib/sbom/image-builder.ts';
import { languageSamples } from '../lib/sbom/samples/language-samples.ts';
import { programSamples } from '../lib/sbom/samples/program-samples.ts';
import { emptyGrypeDatabase } from './grype-database.ts';
import type { InteropCheck } from './interop-check.ts';
import { type Run, runner } from './registry-fixtures.ts';

const FORMS = [
  'cyclonedx-json@1.6',
  'cyclonedx-json@1.7',
  'cyclonedx-xml@1.6',
  'cyclonedx-xml@1.7',
  'spdx-json@2.3',
  'spdx-tag-value@2.3',
  'spdx-json@3.0',
];
/** Of the shared corpora, where LADING_CORPORA names them: one of each package manager, and odd ones. */
const IMAGES = [
  ...['alpine-3.20.3', 'debian-12-slim', 'rpm-sqlite-mariner2', 'node-app', 'python-app', 'java-app', 'go-app'],
  ...['rust-app', 'ruby-app', 'pkg-coverage', 'scratch-empty', 'odd-layers'],
];

interface Sample {
  readonly name: string;
  readonly sbom: Sbom;
}

let made: Promise<readonly Sample[]> | undefined;
const samples = (): Promise<readonly Sample[]> => {
  made ??= makeSamples();
  return made;
};

async function makeSamples(): Promise<readonly Sample[]> {
  const corpora = process.env.LADING_CORPORA;
  const layout = corpora === undefined ? '' : join(corpora, 'images');
  if (!existsSync(join(layout, 'index.json')))
    return [{ name: 'small', sbom: await smallImage() }, await languagesAndPrograms()];
  const found: Sample[] = [{ name: 'small', sbom: await smallImage() }, await languagesAndPrograms()];
  for (const name of IMAGES) {
    const { sbom } = await makeSbom(`oci:${layout}:${name}`, { cache: true, platform: 'linux/amd64' });
    found.push({ name, sbom });
  }
  return found;
}

async function smallImage(): Promise<Sbom> {
  const image = buildImage([
    [osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'], ['zlib', '1.3-r0'])],
    [packageJson('app', '@team/app & <co>', '1.0.0')],
  ]);
  const ports = {
    source: sourceOf(image),
    inventories: memoryInventoryStore(),
    sboms: memorySbomStore(),
    clock: { now: () => new Date() },
  };
  const result = await createSbom({ image: image.descriptor.digest }, ports);
  assert.ok(result.status === 'created');
  return result.sbom;
}

/** One of every package manager of languages, and every sort of program and model, in one image. */
async function languagesAndPrograms(): Promise<Sample> {
  const files = [...languageSamples, ...programSamples].flatMap((sample) => sample.files);
  return { name: 'languages-and-programs', sbom: await sbomOf(files) };
}

async function write(folder: string, { name, sbom }: Sample, form: string): Promise<string> {
  const parsed = parseSbomForm(form);
  const file = join(folder, `${name}.${parsed.version}.${describeForm(parsed).extension}`);
  const options = { timestamp: new Date().toISOString(), registry: 'registry.example', repository: `team/${name}` };
  await mkdir(folder, { recursive: true });
  await writeFile(file, writeSbom(sbom, parsed, options));
  return file;
}

/** What another program names, in its words, against ours; the image itself is a package to some. */
function assertSame(sbom: Sbom, theirs: readonly string[], what: string): void {
  const ours = new Set(sbom.packages.flatMap(({ purl }) => keyOf(purl)));
  const others = new Set(theirs);
  const missing = [...ours].filter((one) => !others.has(one));
  const more = [...others].filter((one) => !ours.has(one) && !one.startsWith('oci '));
  assert.deepEqual({ missing, more }, { missing: [], more: [] }, what);
}

/** Tools write qualifiers of their own; type, name and version are what must be the same. */
function keyOf(purl: string | undefined): readonly string[] {
  const read = purl === undefined ? undefined : parsePackageUrl(purl);
  if (!read?.version) return [];
  return [`${read.type} ${[read.namespace, read.name].filter(Boolean).join('/')} ${read.version}`.toLowerCase()];
}

type Context = Parameters<InteropCheck['run']>[0];
const check = (
  name: string,
  needs: readonly string[],
  body: (run: Run, samples: readonly Sample[], work: string) => Promise<string>,
): InteropCheck => ({
  name: `SBOMs: ${name}`,
  needs,
  run: async (context: Context) => body(runner(context), await samples(), context.work),
});

const resultsSchema = z.array(z.object({ file: z.string(), packages: z.number(), problems: z.array(z.string()) }));

const schemas = check('the schemas of CycloneDX and SPDX', ['sbom-python'], async (run, all, work) => {
  const files = new Map<string, Sample>();
  for (const sample of all) for (const form of FORMS) files.set(await write(work, sample, form), sample);
  const script = join(import.meta.dirname, 'validate-sboms.py');
  const results = resultsSchema.parse(
    JSON.parse((await run('sbom-python', [script, ...files.keys()])).split('\n').at(-2) ?? ''),
  );
  assert.equal(results.length, files.size);
  for (const { file, packages, problems } of results) {
    assert.deepEqual(problems, [], file);
    assert.equal(packages, files.get(file)?.sbom.packages.length, file);
  }
  return `${results.length} documents of ${all.length} images in ${FORMS.length} forms are valid and whole`;
});

const ntiaSchema = z.object({
  isConformant: z.boolean(),
  componentSuppliers: z.object({ nonconformantComponents: z.array(z.string()) }),
  componentNames: z.object({ allProvided: z.boolean() }),
  componentIdentifiers: z.object({ allProvided: z.boolean() }),
  authorNameProvided: z.boolean(),
  timestampProvided: z.boolean(),
  dependencyRelationshipsProvided: z.boolean(),
});

const ntia = check('the NTIA checker', ['ntia-checker'], async (run, all, work) => {
  let conformant = 0;
  for (const { name, sbom } of all.filter((one) => one.sbom.packages.length > 0)) {
    for (const [form, spec] of [
      ['spdx-json@2.3', 'spdx2'],
      ['spdx-json@3.0', 'spdx3'],
    ] as const) {
      const file = await write(work, { name, sbom }, form);
      const report = join(work, 'ntia.json');
      // It answers 1 for what is not conformant, and says why in the report.
      await run('ntia-checker', ['-s', spec, '-r', 'json', '-o', report, file]).catch(() => undefined);
      const found = ntiaSchema.parse(JSON.parse(await readFile(report, 'utf8')));
      const { isConformant, componentSuppliers, componentNames, componentIdentifiers, ...about } = found;
      assert.ok(about.authorNameProvided && about.timestampProvided, file);
      assert.ok(about.dependencyRelationshipsProvided && componentNames.allProvided, file);
      assert.ok(componentIdentifiers.allProvided, file);
      // A package that names no supplier has none in the document, and nothing else may lack one.
      const silent = sbom.packages.filter(({ supplier, purl }) => !supplier && !parsePackageUrl(purl ?? '')?.namespace);
      const lacking = componentSuppliers.nonconformantComponents;
      assert.deepEqual([...new Set(lacking)].sort(), [...new Set(silent.map((one) => one.name))].sort(), file);
      if (isConformant) conformant++;
    }
  }
  return `${conformant} documents conform; where one does not, its packages name no supplier or version`;
});

const trivySchema = z.object({
  components: z.array(z.object({ type: z.string(), purl: z.string().optional() })).optional(),
});

const trivy = check('Trivy reads them', ['trivy'], async (run, all, work) => {
  let count = 0;
  // It reads neither XML nor SPDX 3.
  for (const form of ['cyclonedx-json@1.6', 'cyclonedx-json@1.7', 'spdx-json@2.3', 'spdx-tag-value@2.3']) {
    // An image with packages of two distributions, as test data have, it refuses.
    for (const sample of all.filter(({ name }) => name !== 'pkg-coverage')) {
      const file = await write(work, sample, form);
      const args = ['sbom', '-q', '--format', 'cyclonedx', '--scanners', 'license', file];
      const { components = [] } = trivySchema.parse(JSON.parse(await run('trivy', args)));
      assertSame(
        sample.sbom,
        components.flatMap(({ purl }) => keyOf(purl)),
        file,
      );
      count++;
    }
  }
  return `the same packages in ${count} documents`;
});

const osvSchema = z.object({
  results: z.array(
    z.object({ packages: z.array(z.object({ package: z.object({ name: z.string(), version: z.string() }) })) }),
  ),
});

const osv = check('OSV-Scanner reads them', ['osv-scanner'], async (run, all, work) => {
  let count = 0;
  const forms = [
    'cyclonedx-json@1.6',
    'cyclonedx-json@1.7',
    'cyclonedx-xml@1.6',
    'spdx-json@2.3',
    'spdx-tag-value@2.3',
  ];
  for (const form of forms) {
    for (const sample of all.filter(({ sbom }) => sbom.packages.length > 0)) {
      const file = await write(work, sample, form);
      // Without a database it still says what it found, and answers 127.
      const args = ['scan', 'source', '--offline', '--all-packages', '--format', 'json', '-L', file];
      const { results } = osvSchema.parse(JSON.parse(await run('osv-scanner', args, { expectCode: 127 })));
      const theirs = new Set(
        results.flatMap((one) => one.packages.map((two) => plain(two.package.name, two.package.version))),
      );
      const ours = sample.sbom.packages.filter(
        ({ purl, name, version }) =>
          purl !== undefined && version !== '' && PLAIN_NAME.test(name) && !UNREAD_BY_OSV.test(purl),
      );
      const missing = ours.filter(({ name, version }) => !theirs.has(plain(name, version)));
      assert.deepEqual(
        missing.map(({ id }) => id),
        [],
        file,
      );
      count++;
    }
  }
  return `the same packages in ${count} documents`;
});

/** Types of purls that it has no ecosystem for. */
const UNREAD_BY_OSV = /^pkg:(?:ebuild|luarocks|pear)\//;

/** What stands encoded in a purl it does not name as it is. */
const PLAIN_NAME = /^[\w@./:+~-]+$/;

/** It leaves epochs, writes Go's versions without their letter, and of SPDX the last part of a name alone. */
const plain = (name: string, version: string): string =>
  `${name.split(/[/:]/).at(-1)} ${version.replace(/^(?:v|go)(?=\d)/, '').replace(/^\d+:/, '')}`.toLowerCase();

const syftSchema = z.object({ artifacts: z.array(z.object({ purl: z.string() })) });

const syft = check('Syft reads them', ['syft'], async (run, all, work) => {
  let count = 0;
  // The released version does not read SPDX 3.
  for (const form of FORMS.filter((one) => one !== 'spdx-json@3.0')) {
    for (const sample of all) {
      const file = await write(work, sample, form);
      const { artifacts } = syftSchema.parse(JSON.parse(await run('syft', ['convert', file, '-q', '-o', 'syft-json'])));
      assertSame(
        sample.sbom,
        artifacts.flatMap(({ purl }) => keyOf(purl)),
        file,
      );
      count++;
    }
  }
  return `the same packages in ${count} documents`;
});

const grype = check('Grype reads them', ['grype'], async (run, all, work) => {
  const env = emptyGrypeDatabase(join(work, 'database'));
  let count = 0;
  for (const form of FORMS) {
    for (const sample of all) {
      const file = await write(work, sample, form);
      const bom = await run('grype', [`sbom:${file}`, '-q', '-o', 'cyclonedx-json'], { env });
      const { components = [] } = trivySchema.parse(JSON.parse(bom));
      assertSame(
        sample.sbom,
        components.flatMap(({ purl }) => keyOf(purl)),
        file,
      );
      count++;
    }
  }
  return `the same packages in ${count} documents`;
});

const theirs = check('we read what Syft and Trivy write', ['syft', 'trivy'], async (run, all, work) => {
  const layout = join(process.env.LADING_CORPORA ?? '', 'images');
  if (!existsSync(join(layout, 'index.json'))) return 'nothing to read without LADING_CORPORA';
  let count = 0;
  for (const { name, sbom } of all.filter((one) =>
    ['alpine-3.20.3', 'debian-12-slim', 'node-app'].includes(one.name),
  )) {
    const image = join(work, name);
    await run('skopeo', ['--insecure-policy', 'copy', '-q', `oci:${layout}:${name}`, `oci:${image}:it`]);
    for (const form of ['syft-json', 'cyclonedx-json', 'cyclonedx-xml', 'spdx-json', 'spdx-tag-value']) {
      const document = await run('syft', ['scan', `oci-dir:${image}`, '-q', '-o', form]);
      assertSame(
        sbom,
        readSbom(document).packages.flatMap(({ purl }) => keyOf(purl)),
        `${name} by Syft as ${form}`,
      );
      count++;
    }
    for (const form of ['cyclonedx', 'spdx-json', 'spdx']) {
      const document = await run('trivy', ['image', '-q', '--input', image, '--format', form]);
      const { packages, tool } = readSbom(document);
      assert.match(tool?.name ?? '', /trivy/, form);
      assert.ok(packages.length >= sbom.packages.length * 0.9, `${name} by Trivy as ${form}: ${packages.length}`);
      count++;
    }
  }
  return `${count} documents`;
});

export const checks: readonly InteropCheck[] = [schemas, ntia, trivy, osv, syft, grype, theirs];
