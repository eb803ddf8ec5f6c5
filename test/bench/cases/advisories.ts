import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { systemClock } from '../../../lib/core/clock.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import type { DocumentStore } from '../../../lib/documents/index.ts';
import { directorySource } from '../../../lib/vulnerabilities/adapters/directory-source.ts';
import { documentAdvisoryStore } from '../../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { memoryAdvisoryStore } from '../../../lib/vulnerabilities/adapters/memory-advisory-store.ts';
import {
  type MatchablePackage,
  matchSnapshot,
  syncAdvisories,
  touchedImages,
} from '../../../lib/vulnerabilities/index.ts';
import { writeZip } from '../../lib/formats/zip/write-zip.ts';
import { affects, recordSource } from '../../lib/vulnerabilities/support.ts';
import { manyImages, packageName, touchedByOracle } from '../../support/many-images.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare, median } from '../measure.ts';

const IMAGES = 10_000;

/** News of one advisory against 10,000 images, and matching an SBOM of 1,000 packages against OSV-Scanner. */
export const advisories: BenchCase = {
  name: 'advisories',
  async run({ work, has, runs, note }) {
    const rows = [...(await backwards(runs, note))];
    const folder = process.env.LADING_CORPORA && join(process.env.LADING_CORPORA, 'advisories');
    if (!folder || !existsSync(folder)) {
      note('matching needs real advisories: set LADING_CORPORA to a folder with advisories/');
      return rows;
    }
    const images = join(folder, '../expected');
    if (existsSync(images)) rows.push(...(await shardsRead(folder, images)));
    if (!has('osv-scanner')) {
      note('absent: osv-scanner');
      return rows;
    }
    return [...rows, ...(await forwards(folder, work, runs))];
  },
};

async function backwards(runs: number, note: (text: string) => void): Promise<readonly BenchRow[]> {
  const many = await manyImages(IMAGES);
  const store = memoryAdvisoryStore();
  const sync = (...records: readonly unknown[]) =>
    syncAdvisories({
      ...{ sources: [recordSource(records)], store, progress: store, documents: memoryDocuments(), clock: systemClock },
    });
  const standing = Array.from({ length: 5000 }, (_, i) => affects(`Y-${i}`, 'npm', `other-${i}`, '0..1.0.0'));
  const touched = async (): Promise<readonly string[]> => {
    const current = await store.currentSnapshot();
    if (!current) throw new Error('no snapshot');
    const found: string[] = [];
    const ports = { advisories: store, index: many.index, scans: { all: async function* () {} }, progress: store };
    for await (const image of touchedImages(ports, current)) found.push(image);
    await store.markRematched({ id: current.snapshot.id, sequence: current.sequence });
    return found;
  };
  await sync(...standing);
  await touched();
  const walls: number[] = [];
  let affected = 0;
  for (let run = 0; run < runs; run++) {
    const name = packageName(run * 37);
    let before: string | undefined;
    for (const [fixed, more] of [
      ['2.5.0', {}],
      ['1.2.3', {}],
      [undefined, { withdrawn: '2026-01-02T00:00:00Z' }],
    ] as const) {
      await sync(...standing, affects('X-1', 'npm', name, `0..${fixed ?? '1.2.3'}`, more));
      const began = performance.now();
      const found = await touched();
      walls.push((performance.now() - began) / 1000);
      const wanted = touchedByOracle(many, name, before, fixed);
      if (JSON.stringify([...found].sort()) !== JSON.stringify(wanted)) {
        throw new Error(`${name}: ${found.length} images instead of ${wanted.length}`);
      }
      affected += found.length;
      before = fixed;
    }
    await sync(...standing);
    await touched();
  }
  note(`${many.rows} package rows; ${affected} images in ${walls.length} changes, each set equal to brute force`);
  return [
    { what: 'news of an advisory to the affected of 10,000 images', ours: median(walls), unit: 's', goal: { most: 1 } },
    { what: 'the slowest of them', ours: Math.max(...walls), unit: 's', goal: { most: 1 } },
  ];
}

/** Packed bytes that a cold function reads for a real image, against all the advisories of the folder. */
async function shardsRead(folder: string, expected: string): Promise<readonly BenchRow[]> {
  let bytes = 0;
  const memory = memoryDocuments();
  const documents: DocumentStore = {
    ...memory,
    get: async (key) => {
      const content = await memory.get(key);
      if (key.includes('/shards/')) bytes += content?.length ?? 0;
      return content;
    },
  };
  const pointers = new Map<string, Record<string, unknown>>();
  const keyOf = ({ pk, sk }: { readonly pk: string; readonly sk: string }): string => `${pk} ${sk}`;
  const table = {
    get: async (key: { pk: string; sk: string }) => pointers.get(keyOf(key)) as never,
    put: async (item: { pk: string; sk: string }) => Boolean(pointers.set(keyOf(item), { ...item })),
  };
  const store = documentAdvisoryStore(documents, table);
  const files = readdirSync(folder).filter((name) => name.endsWith('.zst'));
  await syncAdvisories(
    {
      sources: files.map((name) => directorySource(name, join(folder, name))),
      ...{ store, progress: store, documents, clock: systemClock },
    },
    { quiet: true },
  );
  const rows: BenchRow[] = [];
  for (const ref of ['python-app', 'node-app', 'dpkg-ubuntu-18.04', 'rpm-sqlite-mariner2']) {
    const lines = readFileSync(join(expected, `${ref}.linux-amd64.tsv`), 'utf8').split('\n');
    const packages = lines.flatMap((line): MatchablePackage[] => {
      const [, name, version, purl] = line.split('\t');
      const type = /^pkg:([^/]+)\//.exec(purl ?? '')?.[1];
      return type && name && version && purl ? [{ type, name, version, purl }] : [];
    });
    // Another process, which has nothing of them yet.
    const cold = documentAdvisoryStore(documents, table);
    const current = await cold.currentSnapshot();
    bytes = 0;
    await matchSnapshot(cold, current?.snapshot, packages);
    rows.push({ what: `shards read for ${ref}`, ours: bytes / 1024, unit: 'KiB', goal: { most: 2048 } });
  }
  return rows;
}

interface Named {
  readonly type: string;
  readonly name: string;
}
const PURLS: ReadonlyMap<string, string> = new Map([
  ['PyPI', 'pypi'],
  ['Go', 'golang'],
  ['crates.io', 'cargo'],
  ['npm', 'npm'],
]);

/** The same OSV records as OSV-Scanner's offline database and as files; an SBOM of which every other package is known to them. */
async function forwards(folder: string, work: string, runs: number): Promise<readonly BenchRow[]> {
  const osv = join(work, 'osv');
  const database = join(work, 'database');
  mkdirSync(osv, { recursive: true });
  const archives = new Map<string, Map<string, string>>();
  const known: Named[] = [];
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.osv.jsonl.zst'))) {
    const packed = readFileSync(join(folder, name));
    writeFileSync(join(osv, name), packed);
    for (const line of zstdDecompressSync(packed).toString('utf8').split('\n').filter(Boolean)) {
      const record = JSON.parse(line) as { id: string; affected?: { package?: { ecosystem: string; name: string } }[] };
      for (const { package: pkg } of record.affected ?? []) {
        const ecosystem = pkg?.ecosystem.split(':')[0] ?? '';
        if (!pkg || ecosystem === '') continue;
        archives.set(ecosystem, (archives.get(ecosystem) ?? new Map()).set(record.id, line));
        const type = PURLS.get(ecosystem);
        if (type && pkg.name === pkg.name.toLowerCase()) known.push({ type, name: pkg.name });
      }
    }
  }
  for (const ecosystem of ['Debian', 'Alpine', 'Ubuntu']) archives.set(ecosystem, archives.get(ecosystem) ?? new Map());
  for (const [ecosystem, records] of archives) {
    const at = join(database, 'osv-scalibr', ecosystem);
    mkdirSync(at, { recursive: true });
    const entries = [...records].map(([id, text]) => ({ name: `${id}.json`, content: Buffer.from(text) }));
    writeFileSync(join(at, 'all.zip'), writeZip(entries));
  }
  const components = Array.from({ length: 1000 }, (_, i) => {
    const one = known[(i * 7919) % known.length] as Named;
    const name = i % 2 === 0 ? one.name : `nobody-knows-${i}`;
    const version = `${one.type === 'golang' ? 'v' : ''}${i % 5}.${i % 17}.${i % 7}`;
    return { type: 'library', name, version, purl: `pkg:${one.type}/${name.replace('@', '%40')}@${version}` };
  });
  const sbom = join(work, 'sbom.cdx.json');
  writeFileSync(sbom, JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components }));
  process.env.XDG_CACHE_HOME = join(work, 'cache');
  // Compiled once, as OSV-Scanner's database was made once.
  await compare({ lading: () => commands.ladingScan(sbom, osv) }, 1);
  const results = await compare(
    { lading: () => commands.ladingScan(sbom, osv), 'osv-scanner': () => commands.osvScan(sbom, database) },
    runs,
  );
  const [own, peer] = [results.get('lading'), results.get('osv-scanner')];
  if (!own || !peer) return [];
  return [
    {
      ...{ what: 'matching an SBOM of 1,000 packages', ours: own.wall, unit: 's' as const, goal: { most: 0.5 } },
      peer: { name: 'osv-scanner', value: peer.wall },
    },
    {
      ...{ what: 'the same: peak memory', ours: own.peak, unit: 'MiB' as const },
      peer: { name: 'osv-scanner', value: peer.peak },
    },
  ];
}
