import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { loadJson, saveJson } from '../../../lib/documents/index.ts';
import type { ImageSubject } from '../../../lib/events/index.ts';
import {
  diffSnapshots,
  type MatchablePackage,
  matchImage,
  type PackageReader,
  rematchImage,
  scanDocumentSchema,
  touchedImages,
} from '../../../lib/vulnerabilities/index.ts';
import { affects, fileSource, npm, recordSource, world } from './support.ts';

const subject = (name: string): ImageSubject => ({
  registry: 'registry.example',
  repository: `apps/${name}`,
  digest: digestOf(name),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  tags: ['latest'],
});

/** A world with images whose SBOM documents are lists of packages. */
function imageWorld() {
  const base = world();
  const sboms = new Map<string, readonly MatchablePackage[]>();
  const packages: PackageReader = { packagesOf: async ({ digest }) => sboms.get(digest) ?? [] };
  const ports = { ...base, packages };
  return {
    ...ports,
    async scan(name: string, list: readonly MatchablePackage[]) {
      const saved = await saveJson(base.documents, 'sboms', { name, list });
      sboms.set(saved.digest, list);
      return matchImage(ports, { subject: subject(name), sbom: { ...saved, outcome: 'complete' }, packages: list });
    },
    async touched(): Promise<string[]> {
      const current = await base.advisories.currentSnapshot();
      if (!current) return [];
      const images: string[] = [];
      for await (const image of touchedImages(ports, current)) images.push(image);
      return images.sort();
    },
    async rematch(image: string, options?: { readonly archived: boolean }) {
      const current = await base.advisories.currentSnapshot();
      return current ? rematchImage(ports, image, current, options) : [];
    },
    async finish() {
      const current = await base.advisories.currentSnapshot();
      if (current) await base.progress.markRematched({ id: current.snapshot.id, sequence: current.sequence });
    },
  };
}

const keyOf = (name: string): string => locationKey(subject(name));

describe('matching an image', () => {
  it('records the scan and tells counts, what can be mended, and what is not covered', async () => {
    const { sync, scan, scans } = imageWorld();
    await sync([
      recordSource([
        affects('X-1', 'npm', 'left', '0..2.0.0', { database_specific: { severity: 'CRITICAL' } }),
        affects('X-2', 'npm', 'left', '0'),
      ]),
    ]);
    const events = await scan('a', [
      npm('left', '1.0.0'),
      npm('fine', '1.0.0'),
      { type: 'gem', name: 'g', version: '1' },
    ]);
    expect(events).toMatchObject([
      {
        detailType: 'Scan Completed',
        data: {
          scan: {
            counts: { critical: 1, high: 0, medium: 0, low: 0, negligible: 0, unknown: 1 },
            fixable: 1,
            uncovered: 1,
            packages: 3,
            sbomOutcome: 'complete',
          },
        },
      },
    ]);
    expect(await scans.find(keyOf('a'))).toMatchObject({ snapshot: { sequence: 1 }, subject: { tags: ['latest'] } });
  });

  it('says without any snapshot that nothing is covered', async () => {
    const { scan } = imageWorld();
    const [event] = await scan('a', [npm('left', '1.0.0')]);
    expect(event).toMatchObject({ data: { scan: { uncovered: 1, packages: 1 } } });
    expect(event).not.toHaveProperty('data.scan.snapshot');
  });

  it('gives equal scans one document, and a retry the same event', async () => {
    const { sync, scan, documents } = imageWorld();
    await sync([recordSource([affects('X-1', 'npm', 'left', '0..2.0.0')])]);
    const first = await scan('a', [npm('left', '1.0.0')]);
    const { size } = documents;
    expect(await scan('a', [npm('left', '1.0.0')])).toEqual(first);
    expect(documents.size).toBe(size);
  });

  it('tells news of an image in the archive as such, also when it is told again', async () => {
    const { sync, scan, rematch } = imageWorld();
    await sync([recordSource([affects('X-1', 'npm', 'other', '0')])]);
    await scan('a', [npm('left', '1.0.0')]);
    await sync([recordSource([affects('X-1', 'npm', 'left', '0')])]);
    const told = await rematch(keyOf('a'), { archived: true });
    expect(told).toMatchObject([{ data: { archived: true, appeared: [{ id: 'X-1' }] } }]);
    expect(await rematch(keyOf('a'), { archived: true })).toEqual(told);
    expect((await rematch(keyOf('a')))[0]).not.toHaveProperty('data.archived');
  });

  it('does not put an older scan in the place of a newer one', async () => {
    const one = imageWorld();
    await one.sync([recordSource([affects('X-1', 'npm', 'left', '0..2.0.0')])]);
    await one.scan('a', [npm('left', '1.0.0')]);
    const old = await one.scans.find(keyOf('a'));
    await one.sync([recordSource([affects('X-1', 'npm', 'left', '0..2.0.0'), affects('X-2', 'npm', 'left', '0')])]);
    await one.rematch(keyOf('a'));
    const now = await one.scans.find(keyOf('a'));
    expect(old && (await one.scans.put(old))).toBe('superseded');
    expect(await one.scans.find(keyOf('a'))).toEqual(now);
  });
});

describe('news of advisories', () => {
  it('touches exactly the images with a version that it speaks of', async () => {
    const { sync, scan, touched, finish } = imageWorld();
    const old = [affects('X-1', 'npm', 'left', '0..2.0.0'), affects('X-2', 'npm', 'right', '0..2.0.0')];
    await sync([recordSource(old)]);
    await finish();
    await scan('a', [npm('left', '1.0.0')]);
    await scan('b', [npm('left', '2.5.0')]);
    await scan('c', [npm('right', '1.0.0')]);
    await sync([recordSource([...old, affects('X-3', 'npm', 'left', '2.0.0..3.0.0')])]);
    expect(await touched()).toEqual([keyOf('b')]);
    await finish();
    expect(await touched()).toEqual([]);
  });

  it('tells what appeared, can be mended now, was withdrawn or rated anew', async () => {
    const { sync, scan, rematch } = imageWorld();
    const packages = ['a', 'b', 'c', 'd', 'e'].map((name) => npm(name, '1.0.0'));
    const rated = (severity: string) => ({ database_specific: { severity } });
    await sync([
      recordSource([
        affects('A-1', 'npm', 'a', '0'),
        affects('B-1', 'npm', 'b', '0..2.0.0'),
        affects('C-1', 'npm', 'c', '0..2.0.0', rated('LOW')),
        affects('D-1', 'npm', 'd', '0..2.0.0'),
      ]),
    ]);
    await scan('image', packages);
    await sync([
      recordSource([
        affects('A-1', 'npm', 'a', '0..1.1.0', { modified: '2026-02-01T00:00:00Z' }),
        affects('B-1', 'npm', 'b', '0..2.0.0', { withdrawn: '2026-02-01T00:00:00Z' }),
        affects('C-1', 'npm', 'c', '0..2.0.0', rated('HIGH')),
        // The same vulnerability under the CVE id that it got meanwhile: no news.
        affects('D-1', 'npm', 'd', '0..2.0.0', { aliases: ['CVE-2026-1000'] }),
        affects('E-1', 'npm', 'e', '0'),
      ]),
    ]);
    const events = await rematch(keyOf('image'));
    expect(events).toMatchObject([
      {
        detailType: 'Findings Changed',
        data: {
          appeared: [{ id: 'E-1', package: 'e', version: '1.0.0', severity: 'unknown' }],
          fixed: [{ id: 'A-1' }],
          withdrawn: [{ id: 'B-1' }],
          severityChanged: [{ id: 'C-1', severity: 'high' }],
          knownExploited: [],
        },
      },
    ]);
    // Interrupted after the record was written, the retry tells the same.
    expect(await rematch(keyOf('image'))).toEqual(events);
  });

  it('is silent where nothing changed for the image, and where it was never scanned', async () => {
    const { sync, scan, rematch, scans } = imageWorld();
    await sync([recordSource([affects('X-1', 'npm', 'left', '0..2.0.0')])]);
    await scan('a', [npm('left', '1.0.0')]);
    await sync([recordSource([affects('X-1', 'npm', 'left', '0..2.0.0'), affects('X-2', 'npm', 'left', '5.0.0')])]);
    expect(await rematch(keyOf('a'))).toEqual([]);
    expect((await scans.find(keyOf('a')))?.snapshot.sequence).toBe(2);
    expect(await rematch(keyOf('never'))).toEqual([]);
  });

  it('reaches an image that was first matched with news that has gone again', async () => {
    const { sync, scan, touched, finish, rematch } = imageWorld();
    const base = [affects('X-1', 'npm', 'right', '0')];
    await sync([recordSource(base)]);
    await finish();
    await sync([recordSource([...base, affects('X-2', 'npm', 'left', '0')])]);
    await scan('a', [npm('left', '1.0.0')]);
    // The same snapshot as at first: the ends do not differ, and the image was never told.
    const back = await sync([recordSource(base)]);
    expect(back.kind).toBe('updated');
    expect(await touched()).toEqual([keyOf('a')]);
    expect(await rematch(keyOf('a'))).toMatchObject([{ data: { withdrawn: [{ id: 'X-2' }] } }]);
  });

  it('reaches every image when an ecosystem gains or loses its data', async () => {
    const { sync, scan, touched, finish } = imageWorld();
    await sync([recordSource([affects('X-1', 'npm', 'left', '0')])]);
    await finish();
    await scan('a', [npm('other', '1.0.0')]);
    await sync([
      recordSource([affects('X-1', 'npm', 'left', '0')]),
      recordSource([affects('Y-1', 'PyPI', 'p', '0')], 'py'),
    ]);
    expect(await touched()).toEqual([keyOf('a')]);
  });

  it('cannot slip between a scan and the index: the image is found, or was matched with the news', async () => {
    const { sync, scan, touched, finish, scans } = imageWorld();
    const old = [affects('X-1', 'npm', 'right', '0')];
    await sync([recordSource(old)]);
    await finish();
    const scanning = scan('a', [npm('left', '1.0.0')]);
    const syncing = sync([recordSource([...old, affects('X-2', 'npm', 'left', '0')])]);
    await Promise.all([scanning, syncing]);
    const isMatched = (await scans.find(keyOf('a')))?.snapshot.sequence === 2;
    expect(isMatched || (await touched()).includes(keyOf('a'))).toBe(true);
  });
});

describe('the difference of two snapshots', () => {
  const names = ['a', 'b', 'c'];
  const record = fc
    .record({
      n: fc.nat(5),
      ecosystem: fc.constantFrom('npm', 'PyPI'),
      name: fc.constantFrom(...names),
      from: fc.nat(3),
      to: fc.integer({ min: 4, max: 8 }),
      severity: fc.constantFrom('LOW', 'HIGH'),
      withdrawn: fc.boolean(),
    })
    .map(({ n, ecosystem, name, from, to, severity, withdrawn }) =>
      affects(`X-${n}`, ecosystem, name, `${from}..${to}`, {
        database_specific: { severity },
        ...(withdrawn ? { withdrawn: '2026-01-01T00:00:00Z' } : {}),
      }),
    );
  const anchor = [affects('ANCHOR-1', 'npm', 'anchor', '0'), affects('ANCHOR-2', 'PyPI', 'anchor', '0')];
  const records = fc.array(record, { maxLength: 8 }).map((list) => [...anchor, ...list]);

  it('touches an image exactly when matching it anew gives another result', async () => {
    const versions = [0, 2, 5, 8].map((major) => `${major}.0.0`);
    await fc.assert(
      fc.asyncProperty(records, records, async (before, after) => {
        const w = imageWorld();
        await w.sync([recordSource(before)], { acceptShrink: true });
        await w.finish();
        const old = new Map<string, string>();
        for (const name of names) {
          for (const version of versions) {
            const list = [npm(name, version), { type: 'pypi', name, version }];
            await w.scan(`${name}-${version}`, list);
            old.set(keyOf(`${name}-${version}`), JSON.stringify((await w.match(list)).findings));
          }
        }
        await w.sync([recordSource(after)], { acceptShrink: true });
        const expected: string[] = [];
        for (const name of names) {
          for (const version of versions) {
            const key = keyOf(`${name}-${version}`);
            const { findings } = await w.match([npm(name, version), { type: 'pypi', name, version }]);
            if (JSON.stringify(findings) !== old.get(key)) expected.push(key);
          }
        }
        expect(await w.touched()).toEqual(expected.sort());
      }),
      { numRuns: 60 },
    );
  });

  it('leaves every image with the findings of the last snapshot, whenever it was first scanned', async () => {
    // Few records that come and go, so that a step often leaves a package as it was.
    const pool = names.flatMap((name) => [
      affects(`${name}-1`, 'npm', name, '0..6'),
      affects(`${name}-2`, 'npm', name, '4'),
    ]);
    const list = fc.subarray(pool).map((some) => [...anchor, ...some]);
    const history = fc.array(fc.tuple(list, fc.subarray(names), fc.boolean()), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const w = imageWorld();
        for (const [known, scanned, isRematched] of steps) {
          await w.sync([recordSource(known)], { acceptShrink: true });
          for (const name of scanned) await w.scan(name, [npm(name, '5.0.0')]);
          if (isRematched) {
            for (const image of await w.touched()) await w.rematch(image);
            await w.finish();
          }
        }
        for (const image of await w.touched()) await w.rematch(image);
        for await (const record of w.scans.all()) {
          const document = await loadJson(w.documents, record.scan.key, scanDocumentSchema);
          const name = record.subject.repository.slice('apps/'.length);
          const found = document?.findings.map(({ since: _since, fixableSince: _fixable, ...finding }) => finding);
          expect(found).toEqual((await w.match([npm(name, '5.0.0')])).findings);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('names exactly the packages whose advisories differ', async () => {
    await fc.assert(
      fc.asyncProperty(records, records, async (before, after) => {
        const { sync, advisories } = world();
        const first = (await sync([recordSource(before)], { acceptShrink: true })).snapshot;
        const second = (await sync([recordSource(after)], { acceptShrink: true })).snapshot;
        if (!second) throw new Error('no snapshot');
        const { packages } = await diffSnapshots(advisories, first, second);
        const said = (list: readonly unknown[], ecosystem: string, name: string): string => {
          const about = (list as ReturnType<typeof affects>[]).filter(
            ({ affected: [one] }) => one?.package.ecosystem === ecosystem && one.package.name === name,
          );
          return JSON.stringify([...new Set(about.map((one) => JSON.stringify(withoutRangeOfWithdrawn(one))))].sort());
        };
        const oracle = ['PyPI', 'npm'].flatMap((ecosystem) =>
          names
            .filter((name) => said(before, ecosystem, name) !== said(after, ecosystem, name))
            .map((name) => `${ecosystem} ${name}`),
        );
        expect(packages.map(({ ecosystem, name }) => `${ecosystem} ${name}`)).toEqual(oracle);
      }),
      { numRuns: 100 },
    );
  });
});

/** A withdrawn record's ranges say nothing any more. */
function withoutRangeOfWithdrawn(record: ReturnType<typeof affects>): unknown {
  return 'withdrawn' in record ? { ...record, affected: [] } : record;
}

describe('news of a vulnerability itself', () => {
  const advisories = recordSource(
    [
      affects('GHSA-1', 'npm', 'left', '0..2.0.0', { aliases: ['CVE-2026-1000'] }),
      affects('CVE-2026-2000', 'npm', 'right', '0'),
    ],
    'advisories',
  );
  const kev = (...ids: string[]) =>
    recordSource(
      ['CVE-1999-0001', ...ids].map((cveID) => ({
        ...{ cveID, dateAdded: '2026-03-01', knownRansomwareCampaignUse: 'Unknown' },
      })),
      'kev',
    );
  const epss = (score: number) =>
    fileSource([{ path: 'epss.csv', bytes: Buffer.from(`cve,epss,percentile\nCVE-2026-1000,${score},0.5\n`) }], 'epss');

  it('tells exactly the images that have it that it became known to be exploited', async () => {
    const { sync, scan, touched, rematch, finish } = imageWorld();
    await sync([advisories, kev()]);
    await scan('has', [npm('left', '1.0.0')]);
    await scan('mended', [npm('left', '2.0.0')]);
    await scan('other', [npm('right', '1.0.0')]);
    await finish();
    await sync([advisories, kev('CVE-2026-1000')]);
    expect(await touched()).toEqual([keyOf('has')]);
    expect(await rematch(keyOf('has'))).toMatchObject([
      {
        detailType: 'Findings Changed',
        data: {
          appeared: [],
          fixed: [],
          withdrawn: [],
          severityChanged: [],
          knownExploited: [{ id: 'CVE-2026-1000' }],
        },
      },
    ]);
    // Told once.
    await finish();
    await sync([advisories, kev('CVE-2026-1000')]);
    expect(await touched()).toEqual([]);
  });

  it('takes a move of EPSS for news only where it enters another band', async () => {
    const { sync, scan, touched, finish } = imageWorld();
    await sync([advisories, epss(0.02)]);
    await scan('has', [npm('left', '1.0.0')]);
    await finish();
    await sync([advisories, epss(0.03)]);
    expect(await touched()).toEqual([]);
    await finish();
    await sync([advisories, epss(0.2)]);
    expect(await touched()).toEqual([keyOf('has')]);
  });
});

describe('the clocks of a finding', () => {
  it('begin when it is known, and when it can be mended, and run on over rematching and another SBOM', async () => {
    const { sync, scan, rematch, scans, documents, clock } = imageWorld();
    const has = [npm('left', '1.0.0')];
    const clocks = async () => {
      const record = await scans.find(keyOf('a'));
      const document = record && (await loadJson(documents, record.scan.key, scanDocumentSchema));
      return document?.findings.map(({ since, fixableSince }) => [since, fixableSince]);
    };
    const news = async (range: string): Promise<string> => {
      clock.advance(3600_000);
      await sync([recordSource([affects('X-1', 'npm', 'left', range)])]);
      return clock.now().toISOString();
    };
    const known = await news('0');
    clock.advance(60_000);
    await scan('a', has);
    expect(await clocks()).toEqual([[known, undefined]]);
    const mendable = await news('0..2.0.0');
    await rematch(keyOf('a'));
    expect(await clocks()).toEqual([[known, mendable]]);
    await news('0..1.5.0');
    await rematch(keyOf('a'));
    expect(await clocks()).toEqual([[known, mendable]]);
    // The same image, described by a newer generator.
    await scan('a', [...has, npm('other', '1.0.0')]);
    expect(await clocks()).toEqual([[known, mendable]]);
    // Gone and back again, it is news.
    await news('5.0.0');
    await rematch(keyOf('a'));
    const again = await news('0');
    await rematch(keyOf('a'));
    expect(await clocks()).toEqual([[again, undefined]]);
  });
});
