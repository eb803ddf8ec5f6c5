import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { readAdvisories } from '../../lib/vulnerabilities/read-advisories.ts';
import { writeZip } from '../lib/formats/zip/write-zip.ts';
import type { InteropCheck } from './interop-check.ts';

const root = join(import.meta.dirname, '..', '..');
const corpora = process.env.LADING_CORPORA ?? '';

interface Osv {
  readonly id: string;
  readonly modified?: string;
  readonly affected?: readonly { readonly package?: { readonly ecosystem: string; readonly name: string } }[];
}

/**
 * What the corpora's advisories say of what OSV-Scanner knows, as OSV records: those that are, as they are (the newest of each id), and of other
 * formats what our readers make of them, so that both programs match the very same statements.
 */
async function osvRecords(folder: string): Promise<readonly Osv[]> {
  const records = new Map<string, Osv>();
  const others = new Map<string, { id: string; modified: string; aliases: string[]; affected: object[] }>();
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.zst'))) {
    const bytes = readFileSync(join(folder, name));
    if (name.endsWith('.osv.jsonl.zst')) {
      for (const line of zstdDecompressSync(bytes).toString('utf8').split('\n').filter(Boolean)) {
        const record = JSON.parse(line) as Osv;
        if ((records.get(record.id)?.modified ?? '') <= (record.modified ?? '')) records.set(record.id, record);
      }
      continue;
    }
    if (!/alpine-secdb|debian-d[sl]a|ubuntu-cve|rubygems|packagist|debian-12/.test(name)) continue;
    const files = (async function* () {
      yield { path: name, bytes };
    })();
    for await (const read of readAdvisories(files)) {
      for (const { ecosystem, name: of, entry } of (read.kind === 'record' && read.advisories) || []) {
        const id = entry.record.replaceAll('/', '_');
        const known = others.get(id) ?? { id, modified: '2026-01-01T00:00:00Z', aliases: [], affected: [] };
        others.set(id, known);
        known.affected.push({
          // OSV names the releases of long-term support so.
          package: { ecosystem: /^Ubuntu:\d[02468]\.04$/.test(ecosystem) ? `${ecosystem}:LTS` : ecosystem, name: of },
          ranges: entry.ranges.map(({ events }) => ({
            type: 'ECOSYSTEM',
            events: events.map(([kind, version]) => ({ [kind]: version })),
          })),
          versions: entry.versions,
        });
      }
    }
  }
  return [...records.values(), ...([...others.values()] as readonly Osv[])];
}

const isOfDistribution = ({ affected = [] }: Osv): boolean =>
  affected.some(({ package: pkg }) => /^(?:Alpine|Debian|Ubuntu):/.test(pkg?.ecosystem ?? ''));

function writeDatabase(folder: string, records: readonly Osv[]): void {
  const archives = new Map<string, Map<string, Osv>>();
  for (const ecosystem of ['Alpine', 'Debian', 'Ubuntu', 'NuGet', 'CRAN']) archives.set(ecosystem, new Map());
  for (const record of records) {
    for (const { package: pkg } of record.affected ?? []) {
      const ecosystem = pkg?.ecosystem.split(':')[0] ?? '';
      if (ecosystem !== '') archives.set(ecosystem, (archives.get(ecosystem) ?? new Map()).set(record.id, record));
    }
  }
  for (const [ecosystem, held] of archives) {
    const at = join(folder, 'osv-scalibr', ecosystem);
    mkdirSync(at, { recursive: true });
    const entries = [...held.values()].map((one) => ({
      name: `${one.id}.json`,
      content: Buffer.from(JSON.stringify(one)),
    }));
    writeFileSync(join(at, 'all.zip'), writeZip(entries));
  }
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const done = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  // OSV-Scanner says 1 where it finds something, and 128 where it finds no package.
  assert.ok([0, 1, 128].includes(done.status ?? -1), `${program} ${args.join(' ')}: ${done.stderr?.slice(-500)}`);
  return done.stdout;
}

const theirSchema = z.object({
  results: z
    .array(
      z.object({
        packages: z.array(
          z.object({
            package: z.object({ name: z.string(), version: z.string() }),
            vulnerabilities: z.array(z.object({ id: z.string() })).optional(),
          }),
        ),
      }),
    )
    .nullish(),
});
const ourSchema = z.object({
  findings: z.array(
    z.object({
      package: z.object({ name: z.string(), version: z.string() }),
      sources: z.array(z.object({ record: z.string() })),
    }),
  ),
});

/**
 * `record package@version`: OSV-Scanner leaves out a Maven group, encodes, and writes Go's versions with a `v`; that of
 * Go's own library is `go1.21.0` as Go writes it, and `1.21.0` in its purl.
 */
const lineOf = (record: string, name: string, version: string): string =>
  `${record} ${decodeURIComponent(name).toLowerCase().split(/[:/]/).at(-1)}@${version.replace(/^(?:v|go)(?=\d)/, '')}`;

const componentsSchema = z.object({
  packages: z.array(
    z.object({
      type: z.string(),
      name: z.string(),
      version: z.string(),
      source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
      distro: z.object({ id: z.string(), versionId: z.string().optional() }).optional(),
    }),
  ),
});

/**
 * An SBOM of the source packages of a distribution: OSV-Scanner matches a package of an SBOM by the name that it has, and
 * distributions publish by source package, which CycloneDX has no place for. Of Debian it takes whole releases only.
 */
function bySource(native: string): string {
  const components = new Map<string, object>();
  for (const { type, name, version, source, distro } of componentsSchema.parse(JSON.parse(native)).packages) {
    if ((type !== 'deb' && type !== 'apk') || distro?.versionId === undefined) continue;
    const of = source?.name ?? name;
    const at = source?.version || version;
    const release = distro.id === 'debian' ? distro.versionId.replace(/\..*$/, '') : distro.versionId;
    const purl = `pkg:${type}/${distro.id}/${of}@${encodeURIComponent(at)}?distro=${distro.id}-${release}`;
    components.set(purl, { type: 'library', name: of, version: at, purl });
  }
  return JSON.stringify({
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    components: [...components.values()],
  });
}

const imageIndex = z.object({
  manifests: z.array(z.object({ annotations: z.record(z.string(), z.string()).optional() })),
});
const REF = 'org.opencontainers.image.ref.name';
/** Artifacts that hold no packages, and the tags of referrers. */
const NO_IMAGE = /^sha256-|sbom-referrer|^artifact-only$/;

const parity: InteropCheck = {
  name: 'OSV-Scanner, offline: the same findings on the same SBOMs and OSV records',
  needs: ['osv-scanner'],
  async run({ work }) {
    const folder = join(corpora, 'advisories');
    if (corpora === '' || !existsSync(folder)) {
      return 'not compared: LADING_CORPORA names no folder with images/ and advisories/';
    }
    const env = { LADING_CWD: work, XDG_CACHE_HOME: join(work, 'cache') };
    const lading = (...args: readonly string[]) => run(process.execPath, [join(root, 'lib/cli/main.ts'), ...args], env);
    const all = await osvRecords(folder);
    const compared = { languages: 0, distributions: 0 };
    // Apart, since a distribution's advisories are to settle what its own packages bring of a language (docs/matching.md).
    const sides = (['languages', 'distributions'] as const).map((side) => {
      const records = all.filter((one) => isOfDistribution(one) === (side === 'distributions'));
      writeDatabase(join(work, side), records);
      const file = join(work, `${side}.jsonl`);
      writeFileSync(file, records.map((one) => `${JSON.stringify(one)}\n`).join(''));
      return { side, file, database: join(work, side) };
    });
    const { manifests } = imageIndex.parse(JSON.parse(readFileSync(join(corpora, 'images/index.json'), 'utf8')));
    const refs = new Set(manifests.flatMap(({ annotations }) => annotations?.[REF] ?? []));
    for (const ref of [...refs].filter((one) => !NO_IMAGE.test(one))) {
      const image = `oci:${join(corpora, 'images')}:${ref}`;
      const whole = join(work, `${ref}.languages.cdx.json`);
      writeFileSync(whole, lading('sbom', image, '-o', 'cyclonedx-json'));
      writeFileSync(whole.replace('languages', 'distributions'), bySource(lading('sbom', image, '-o', 'native')));
      for (const { side, file, database } of sides) {
        const sbom = whole.replace('languages', side);
        const found = ourSchema.parse(JSON.parse(lading('scan', sbom, '--advisories', file, '-o', 'json')));
        const ours = found.findings.flatMap(({ package: { name, version }, sources }) =>
          sources.map(({ record }) => lineOf(record, name, version)),
        );
        const args = ['--offline', '--local-db-path', database, '-L', sbom, '--format', 'json'];
        const text = run('osv-scanner', ['scan', 'source', ...args]);
        const { results } = theirSchema.parse(text.trim() === '' ? {} : JSON.parse(text));
        const theirs = (results ?? []).flatMap(({ packages }) =>
          packages.flatMap(({ package: { name, version }, vulnerabilities }) =>
            (vulnerabilities ?? []).map(({ id }) => lineOf(id, name, version)),
          ),
        );
        assert.deepEqual([...new Set(ours)].sort(), [...new Set(theirs)].sort(), `${ref}, ${side}`);
        compared[side] += new Set(theirs).size;
      }
    }
    return `${compared.languages} findings of languages and ${compared.distributions} of distributions, record by record, in ${refs.size} refs`;
  },
};

export const checks: readonly InteropCheck[] = [parity];
