import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { memoryAdvisoryStore } from '../../../lib/vulnerabilities/adapters/memory-advisory-store.ts';
import { memoryPackageIndex } from '../../../lib/vulnerabilities/adapters/memory-package-index.ts';
import { memoryScanStore } from '../../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import {
  type AdvisorySource,
  type MatchablePackage,
  type MatchResult,
  matchSnapshot,
  type SourceScope,
  type SyncOptions,
  type SyncResult,
  syncAdvisories,
} from '../../../lib/vulnerabilities/index.ts';

/** A source that gives the records as one JSON document. */
export const recordSource = (
  records: readonly unknown[],
  name = 'test',
  scope: SourceScope = 'complete',
): AdvisorySource => fileSource([{ path: 'records.json', bytes: Buffer.from(JSON.stringify(records)) }], name, scope);

export const fileSource = (
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
  name = 'test',
  scope: SourceScope = 'complete',
): AdvisorySource => ({
  name,
  scope,
  read: async () => ({
    kind: 'files',
    files: (async function* () {
      yield* files;
    })(),
  }),
});

/** An OSV record about one package: `affects('X-1', 'npm', 'left', '0..1.2.3')`. */
export const affects = (
  id: string,
  ecosystem: string,
  name: string,
  range: string,
  more: Readonly<Record<string, unknown>> = {},
) => {
  const [introduced, fixed] = range.split('..');
  return {
    id,
    modified: '2026-01-01T00:00:00Z',
    affected: [
      {
        package: { ecosystem, name },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced }, ...(fixed ? [{ fixed }] : [])] }],
      },
    ],
    ...more,
  };
};

export const npm = (name: string, version: string, more: Partial<MatchablePackage> = {}): MatchablePackage => ({
  type: 'npm',
  name,
  version,
  ...more,
});

/** All ports in memory, with a shortcut for each use case. */
export function world() {
  const advisories = memoryAdvisoryStore();
  const documents = memoryDocuments();
  const scans = memoryScanStore();
  const index = memoryPackageIndex();
  const clock = manualClock();
  return {
    advisories,
    documents,
    scans,
    index,
    clock,
    progress: advisories,
    sync: (sources: readonly AdvisorySource[], options?: SyncOptions): Promise<SyncResult> =>
      syncAdvisories({ sources, store: advisories, progress: advisories, documents, clock }, options),
    async match(packages: readonly MatchablePackage[]): Promise<MatchResult> {
      const current = await advisories.currentSnapshot();
      if (!current) throw new Error('no snapshot');
      return matchSnapshot(advisories, current.snapshot, packages);
    },
  };
}

/** Findings against records, by `id package`. */
export async function findingsFor(
  packages: readonly MatchablePackage[],
  ...records: readonly unknown[]
): Promise<string[]> {
  const { sync, match } = world();
  await sync([recordSource(records)]);
  return (await match(packages)).findings.map(({ id, package: pkg }) => `${id} ${pkg.name}@${pkg.version}`);
}

export const corpora = process.env.LADING_CORPORA;
export const corpusFile = (...path: readonly string[]): string => join(corpora ?? '', ...path);

/** The packages of a corpus image, as the expected list names them; a purl tells release and source package. */
export function expectedPackages(ref: string): MatchablePackage[] {
  const lines = readFileSync(corpusFile('expected', `${ref}.tsv`), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, name, version, purl] = line.split('\t');
    const type = /^pkg:([^/]+)\//.exec(purl ?? '')?.[1];
    return type && name && version && purl ? [{ type, name, version, purl }] : [];
  });
}
