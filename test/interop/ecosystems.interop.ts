import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makeSbom } from '../../lib/cli/sbom/make-sbom.ts';
import { digestHex, digestOf } from '../../lib/core/digest.ts';
import { parsePackageUrl } from '../../lib/formats/purl/index.ts';
import { type Package, writtenVersion } from '../../lib/sbom/index.ts';
import { buildImage } from '../lib/sbom/image-builder.ts';
import { ecosystemSamples } from '../lib/sbom/samples/index.ts';
import type { EcosystemSample } from '../lib/sbom/samples/sample.ts';
import type { InteropCheck } from './interop-check.ts';
import { runner } from './registry-fixtures.ts';

/** Syft's names of types, where they are not those of package URLs. */
const SYFT_TYPES: ReadonlyMap<string, string> = new Map([
  ['python', 'pypi'],
  ['java-archive', 'maven'],
  ['go-module', 'golang'],
  ['rust-crate', 'cargo'],
  ['php-composer', 'composer'],
  ['php-pear', 'pear'],
  ['portage', 'ebuild'],
  ['R-package', 'cran'],
  ['lua-rocks', 'luarocks'],
  ['dotnet', 'nuget'],
  ['homebrew', 'brew'],
  ['binary', 'generic'],
]);

interface Explained {
  /** Packages of the sample, by name, that only we list, or only they. */
  readonly ours?: readonly string[] | 'all';
  readonly theirs?: readonly string[];
  readonly why: string;
}

/** Every difference to Syft, by the name of the sample. What stands here and does not differ is an error, too. */
const FROM_SYFT: ReadonlyMap<string, Explained> = new Map<string, Explained>([
  ['rpm in Berkeley DB', { ours: 'all', why: 'a database without the pages that are not needed to read it' }],
  ['opkg', { ours: 'all', theirs: ['busybox', 'libc'], why: 'its type there is deb, whose fixes are others' }],
  ['Guix', { ours: 'all', why: 'not read there' }],
  ['conda', { ours: 'all', why: 'not read there in images' }],
  [
    'well-known programs',
    {
      ours: ['github.com/hashicorp/consul', 'glibc', 'perl'],
      theirs: ['consul', 'perl'],
      why: 'consul has the name of its module, glibc is none of theirs, and Perl is of type cpan there',
    },
  ],
  ['Linux kernel', { ours: ['linux-kernel'], why: 'headers alone, without what file(1) looks for' }],
  ['WebAssembly', { ours: 'all', why: 'not read there' }],
  ['AI models', { ours: 'all', theirs: ['models'], why: 'ours by file, theirs a folder for all safetensors in it' }],
]);

/** Of Trivy's only what it finds and we do not: it reads fewer ecosystems in images. */
const FROM_TRIVY: ReadonlyMap<string, Explained> = new Map<string, Explained>([
  ['rpm as a manifest', { theirs: ['glibc'], why: 'the distribution is cbl-mariner there, and ID of os-release here' }],
  ['Python', { theirs: ['zope.interface'], why: 'the name in the purl is not normalised there' }],
  ['lock files', { theirs: ['app', 'libc'], why: 'Cargo.lock says what was meant, not what is there' }],
]);

interface Named {
  readonly key: string;
  readonly name: string;
}
const named = (type: string, name: string, version: string): Named => ({ key: `${type} ${name} ${version}`, name });

const syftSchema = z.object({
  artifacts: z.array(z.object({ type: z.string(), name: z.string(), version: z.string() })),
});
const trivySchema = z.object({ components: z.array(z.object({ purl: z.string().optional() })).default([]) });

/** Folders have entries of their own in real layers, and some readers look for those. */
function withFolders({ files }: EcosystemSample): EcosystemSample['files'] {
  const folders = new Set<string>();
  for (const { path } of files) {
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at + 1));
  }
  return [...[...folders].sort().map((path) => ({ path })), ...files];
}

async function writeLayout(sample: EcosystemSample, work: string): Promise<string> {
  const folder = join(work, sample.name.replaceAll(/[^A-Za-z0-9]+/g, '-'));
  const { blobs, descriptor } = buildImage([withFolders(sample)]);
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
  for (const blob of blobs) await writeFile(join(folder, 'blobs', 'sha256', digestHex(digestOf(blob))), blob);
  const annotations = { 'org.opencontainers.image.ref.name': 'it' };
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...descriptor, annotations }] }),
  );
  return folder;
}

const packagesOf = async (folder: string): Promise<readonly Package[]> =>
  (await makeSbom(`oci:${folder}`, { cache: false, platform: 'linux/amd64' })).sbom.packages;

const check = (tool: string, body: (context: Parameters<InteropCheck['run']>[0]) => Promise<string>): InteropCheck => ({
  name: `ecosystems: ${tool} finds the same`,
  needs: [tool],
  run: body,
});

const without = (all: readonly Named[], others: readonly Named[]): string[] => {
  const keys = new Set(others.map(({ key }) => key));
  return [...new Set(all.filter(({ key }) => !keys.has(key)).map(({ name }) => name))].sort();
};

const syft = check('syft', async (context) => {
  const run = runner(context);
  let packages = 0;
  for (const sample of ecosystemSamples) {
    const folder = await writeLayout(sample, context.work);
    const ours = (await packagesOf(folder)).map((one) => named(one.type, one.name, writtenVersion(one.version)));
    const { artifacts } = syftSchema.parse(
      JSON.parse(await run('syft', ['scan', `oci-dir:${folder}`, '-q', '-o', 'syft-json'])),
    );
    const theirs = artifacts.map(({ type, name, version }) => named(SYFT_TYPES.get(type) ?? type, name, version));
    const { ours: onlyOurs = [], theirs: onlyTheirs = [] } = FROM_SYFT.get(sample.name) ?? {};
    const found = { ours: without(ours, theirs), theirs: without(theirs, ours) };
    const expected = onlyOurs === 'all' ? [...new Set(ours.map(({ name }) => name))].sort() : [...onlyOurs];
    assert.deepEqual(found, { ours: expected, theirs: [...onlyTheirs] }, sample.name);
    packages += theirs.length;
  }
  return `${packages} packages in ${ecosystemSamples.length} images; ${FROM_SYFT.size} images differ as explained`;
});

/** By purls without qualifiers; the epoch stands in one there. */
function keysOfPurl(text: string): readonly Named[] {
  const purl = parsePackageUrl(text);
  if (!purl || purl.type === 'oci') return [];
  const epoch = purl.qualifiers?.get('epoch');
  const version = purl.version?.replace(/^\d+:/, '') ?? '';
  const stdlib = purl.name === 'stdlib' ? version.replace(/^v/, '') : version;
  return [named(purl.type, [purl.namespace, purl.name].filter(Boolean).join('/'), `${epoch ?? '0'}:${stdlib}`)];
}

const withEpoch = ({ purl = '', version }: Package): readonly Named[] =>
  keysOfPurl(purl).map(({ key, name }) => {
    const epoch = /^(?:deb|rpm)\b/.test(key) ? /^(\d+):/.exec(version)?.[1] : undefined;
    return { key: epoch === undefined ? key : key.replace(/ 0:/, ` ${epoch}:`), name };
  });

const trivy = check('trivy', async (context) => {
  const run = runner(context);
  let packages = 0;
  // For archives of Java it fetches a database of their hashes.
  const samples = ecosystemSamples.filter(({ name }) => name !== 'Java archives');
  for (const sample of samples) {
    const folder = await writeLayout(sample, context.work);
    const ours = (await packagesOf(folder)).flatMap(withEpoch);
    const args = ['image', '-q', '--input', folder, '--format', 'cyclonedx', '--scanners', 'license'];
    const { components } = trivySchema.parse(JSON.parse(await run('trivy', args)));
    const theirs = components.flatMap(({ purl }) => (purl === undefined ? [] : keysOfPurl(purl)));
    const missing = without(theirs, ours).map((name) => name.split('/').at(-1));
    assert.deepEqual(missing, [...(FROM_TRIVY.get(sample.name)?.theirs ?? [])], sample.name);
    packages += theirs.length;
  }
  return `${packages} packages in ${samples.length} images; ${FROM_TRIVY.size} images differ as explained`;
});

export const checks: readonly InteropCheck[] = [syft, trivy];
