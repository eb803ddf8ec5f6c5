import { createHash } from 'node:crypto';
import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import tar from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { publisherSource } from '../../../lib/vulnerabilities/adapters/publisher-source.ts';
import { type AdvisorySource, syncAdvisories } from '../../../lib/vulnerabilities/index.ts';
import type { SourceSettings } from '../../../lib/vulnerabilities/publishers.ts';
import { type MockPublisher, mockOsvBucket, mockPublisher } from '../../support/mock-publisher.ts';
import { affects, npm, recordSource, world } from './support.ts';

let publisher: MockPublisher;
beforeAll(async () => {
  publisher = await mockPublisher();
});
afterAll(() => publisher.close());

let counter = 0;
const T0 = Date.parse('2026-03-01T00:00:00Z');
const minute = (n: number): string => `${new Date(T0 + n * 60_000).toISOString().slice(0, 19)}.123456Z`;
const record = (id: string, at: number, range = '0..1.0.0', more = {}) =>
  affects(id, 'npm', `p-${id}`, range, { modified: minute(at), ...more });

/** A bucket with `count` records of ten minutes each up to the first, and a source that follows it. */
function setUp(count = 60, more: Partial<SourceSettings> = {}) {
  const folder = `https://bucket-${counter++}.example/npm/`;
  const bucket = mockOsvBucket(publisher, folder);
  bucket.put(...Array.from({ length: count }, (_, i) => record(`X-${i}`, (i - count) * 10)));
  bucket.writeArchive(minute(0));
  const clock = manualClock(minute(0));
  const settings: SourceSettings = { name: 'osv/npm', kind: 'osv-bucket', url: `${folder}all.zip`, ...more };
  const ports = { fetch: publisher.fetch, now: clock.now, pause: async () => {} };
  const source = publisherSource(settings, ports);
  const own = world();
  publisher.asked();
  return {
    ...own,
    ...{ folder, bucket, clock, source, settings, ports },
    async read() {
      const result = await own.sync([source]);
      const [report] = result.sources;
      const asked = publisher.asked().map(({ url, status }) => `${status} ${url.slice(folder.length)}`);
      return { ...result, report, asked };
    },
  };
}
/** What reading all records in one piece gives. */
const whole = async (records: Iterable<unknown>): Promise<string | undefined> =>
  (await world().sync([recordSource([...records], 'osv/npm')])).snapshot?.id;
const affected = async (match: ReturnType<typeof world>['match'], ...names: string[]) =>
  (await match(names.map((name) => npm(name, '0.5.0')))).findings.map(({ id }) => id);

describe('a bucket of OSV', () => {
  it('is read whole once, then record by record as its list of changes says', async () => {
    const { bucket, read, match, clock } = setUp();
    const first = await read();
    expect(first.report).toMatchObject({ state: 'updated', advisories: 60 });
    // The last hour before the archive is read once more: its exporter may have been at work.
    const lastHour = [53, 54, 55, 56, 57, 58, 59].map((i) => `200 X-${i}.json`);
    expect(first.asked.slice(0, 3)).toEqual(['200 modified_id.csv', '200 all.zip', '200 modified_id.csv']);
    expect(first.asked.slice(3).sort()).toEqual(lastHour);
    clock.advance(3_600_000 * 2);
    bucket.put(
      record('X-3', 130, '0..0.2.0'),
      record('X-new', 131),
      record('X-4', 132, '0..1.0.0', { withdrawn: minute(132) }),
    );
    const second = await read();
    expect(second.asked.sort()).toEqual(
      ['200 modified_id.csv', '200 X-4.json', '200 X-new.json', '200 X-3.json'].sort(),
    );
    expect(await affected(match, 'p-X-3', 'p-X-4', 'p-X-5', 'p-X-new')).toEqual(['X-5', 'X-new']);
    expect(second.snapshot?.id).toBe(await whole(bucket.records.values()));
    const third = await read();
    expect(third).toMatchObject({ kind: 'unchanged', asked: ['304 modified_id.csv'] });
    expect(third.report?.fetchedBytes).toBe(0);
    expect(second.report?.fetchedBytes).toBeGreaterThan(0);
  });

  it('says the same as reading it whole, whatever changed in whatever order', async () => {
    const change = fc.record({ id: fc.nat(39), fix: fc.nat(9), withdrawn: fc.boolean(), gap: fc.nat(200) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 5 }), async (runs) => {
        const { bucket, read, clock } = setUp(30);
        await read();
        let at = 31;
        for (const changes of runs) {
          for (const { id, fix, withdrawn, gap } of changes) {
            at += gap;
            bucket.put(record(`X-${id}`, at, `0..${fix}.0.0`, withdrawn ? { withdrawn: minute(at) } : {}));
          }
          clock.advance(60_000);
          expect((await read()).snapshot?.id).toBe(await whole(bucket.records.values()));
        }
      }),
      { numRuns: 15 },
    );
  });

  it('stores few shards after few changes, and is read whole where one of them is gone', async () => {
    const { bucket, source, advisories, folder, clock } = setUp(3000);
    const put: number[] = [];
    const missing = new Set<string>();
    const store: typeof advisories = {
      ...advisories,
      putShards: (shards) => {
        put.push(shards.size);
        missing.clear();
        return advisories.putShards(shards);
      },
      loadShards: async (digests) => {
        const gone = digests.find((digest) => missing.has(digest));
        if (gone !== undefined) throw new LadingError('shard-missing', `the advisory shard ${gone} is gone`);
        return advisories.loadShards(digests);
      },
    };
    const run = () =>
      syncAdvisories({ sources: [source], store, progress: advisories, documents: memoryDocuments(), clock });
    await run();
    expect(Math.max(...put.splice(0))).toBeGreaterThan(20);
    bucket.put(record('X-7', 200, '0..0.2.0'));
    expect((await run()).snapshot?.id).toBe(await whole(bucket.records.values()));
    expect(Math.max(...put.splice(0))).toBeLessThan(5);
    bucket.put(record('X-8', 300, '0..0.2.0'));
    const current = await advisories.currentSnapshot();
    const held = current?.snapshot.sources[0]?.ecosystems.find(({ name }) => name === 'npm')?.shards ?? [];
    missing.add(held.find((digest) => digest !== null) ?? '');
    publisher.asked();
    const again = await run();
    expect(again.sources).toMatchObject([{ state: 'updated' }]);
    expect(publisher.asked().some(({ url, status }) => status === 200 && url === `${folder}all.zip`)).toBe(true);
    expect(Math.max(...put)).toBeGreaterThan(20);
    expect(again.snapshot?.id).toBe(await whole(bucket.records.values()));
  });

  it('may list what is not there yet: it is asked for again until it is', async () => {
    const { bucket, read, match, folder } = setUp();
    await read();
    bucket.put(record('X-late', 200), record('X-old', 201), record('X-good', 300));
    publisher.remove(`${folder}X-late.json`);
    publisher.put(`${folder}X-old.json`, JSON.stringify(record('X-old', 2)));
    expect((await read()).report?.state).toBe('updated');
    expect(await affected(match, 'p-X-late', 'p-X-old', 'p-X-good')).toEqual(['X-good']);
    bucket.put(...[...bucket.records.values()].slice(-3));
    expect((await read()).report?.state).toBe('updated');
    expect(await affected(match, 'p-X-late', 'p-X-old', 'p-X-good')).toEqual(['X-good', 'X-late', 'X-old']);
    expect((await read()).kind).toBe('unchanged');
  });

  it('is asked for rows that came late, up to an hour back', async () => {
    const { bucket, read, match } = setUp();
    await read();
    bucket.put(record('X-a', 200));
    await read();
    bucket.put(record('X-between', 150));
    const { asked } = await read();
    expect(asked).toEqual(['200 modified_id.csv', '200 X-between.json']);
    expect(await affected(match, 'p-X-between')).toEqual(['X-between']);
  });

  it('is read whole again where that costs less, and by parts where the archive is not newer', async () => {
    const { bucket, settings, ports, sync, clock, folder } = setUp();
    const { changeListSource } = await import('../../../lib/vulnerabilities/adapters/change-list-source.ts');
    const { osvBucket } = await import('../../../lib/vulnerabilities/adapters/change-list-layouts.ts');
    const source = changeListSource({ ...settings, ...ports, layout: osvBucket(`${folder}all.zip`), maxChanges: 10 });
    const asked = () => publisher.asked().map(({ url, status }) => `${status} ${url.slice(folder.length)}`);
    await sync([source]);
    await sync([source]);
    asked();
    bucket.put(...Array.from({ length: 25 }, (_, i) => record(`Y-${i}`, 300 + i)));
    for (const _ of [1, 2]) {
      clock.advance(1000);
      await sync([source]);
      const urls = asked();
      expect(urls).toContain('304 all.zip');
      expect(urls.filter((one) => one.includes('Y-'))).toHaveLength(10);
    }
    bucket.put(...Array.from({ length: 25 }, (_, i) => record(`Z-${i}`, 400 + i)));
    bucket.writeArchive(minute(500));
    const { snapshot } = await sync([source]);
    expect(asked().slice(0, 3)).toEqual(['200 modified_id.csv', '200 modified_id.csv', '200 all.zip']);
    expect(snapshot?.id).toBe(await whole(bucket.records.values()));
  });

  it('is asked for the archive each week, which shows what was taken away', async () => {
    const { bucket, read, match, clock } = setUp();
    await read();
    bucket.records.delete('X-5');
    bucket.put();
    bucket.writeArchive(minute(100));
    expect((await read()).asked).not.toContain('200 all.zip');
    expect(await affected(match, 'p-X-5')).toEqual(['X-5']);
    clock.advance(7 * 86_400_000);
    expect((await read()).asked).toContain('200 all.zip');
    expect(await affected(match, 'p-X-5')).toEqual([]);
  });

  it('does not go back by an archive that is older than what was read already', async () => {
    const { bucket, read, match, clock } = setUp();
    await read();
    bucket.put(record('X-other', 100));
    bucket.writeArchive(minute(100));
    bucket.put(record('X-3', 200, '0..0.2.0'));
    await read();
    clock.advance(7 * 86_400_000);
    const { asked, snapshot } = await read();
    expect(asked).toContain('200 all.zip');
    expect(await affected(match, 'p-X-3', 'p-X-other')).toEqual(['X-other']);
    expect(snapshot?.id).toBe(await whole(bucket.records.values()));
  });

  const problem = async (tamper: (set: ReturnType<typeof setUp>) => void, more: Partial<SourceSettings> = {}) => {
    const set = setUp(60, more);
    await set.read();
    set.bucket.put(record('X-3', 200, '0..0.2.0'), record('X-new', 201));
    tamper(set);
    const { report, kind } = await set.read();
    expect(kind, JSON.stringify(report)).toBe('unchanged');
    expect(await affected(set.match, 'p-X-3', 'p-X-new')).toEqual(['X-3']);
    return report?.problem;
  };
  it.each([
    [
      'a record that breaks off',
      'unreachable',
      ({ folder, bucket }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}X-3.json`, { content: JSON.stringify(bucket.records.get('X-3')), fault: 'breaks-off' }),
    ],
    [
      'half a record',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}X-3.json`, '{"id":"X-3","modif'),
    ],
    [
      'another record',
      'broken',
      ({ folder, bucket }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}X-3.json`, JSON.stringify(bucket.records.get('X-4'))),
    ],
    [
      'a huge record',
      'too-large',
      ({ folder }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}X-3.json`, Buffer.alloc(33 * 1024 * 1024, 0x20)),
    ],
    [
      'a server in trouble',
      'unreachable',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}X-3.json`, { content: '', fault: 'busy' }),
    ],
    [
      'a list that is a page of something else',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}modified_id.csv`, '<html>\n'),
    ],
    [
      'a list whose rows lead elsewhere',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}modified_id.csv`, `${minute(300)},../../other/secret\n`),
    ],
    [
      'a list with no time',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}modified_id.csv`, '2026-99-99T00:00:00Z,X-3\n'),
    ],
    [
      'a list that breaks off',
      'unreachable',
      ({ folder }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}modified_id.csv`, { content: `${minute(201)},X-new\n`, fault: 'breaks-off' }),
    ],
    [
      'a list in no order, behind an archive that is not newer',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) =>
        publisher.put(`${folder}modified_id.csv`, `${minute(200)},X-3\n${minute(201)},X-new\n`),
    ],
    [
      'a list that went back',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}modified_id.csv`, `${minute(-300)},X-3\n`),
    ],
    [
      'an empty list',
      'broken',
      ({ folder }: ReturnType<typeof setUp>) => publisher.put(`${folder}modified_id.csv`, ''),
    ],
  ] as const)('with %s leaves what was known in force, and says %s', async (_what, kind, tamper) => {
    expect(await problem(tamper)).toMatchObject({ kind });
  });

  it('with a malformed record among others keeps what that one said, and says so', async () => {
    const { bucket, read, match, folder } = setUp();
    await read();
    bucket.put(record('X-3', 200, '0..0.2.0'), record('X-new', 201));
    publisher.put(`${folder}X-3.json`, JSON.stringify({ id: 'X-3', modified: minute(200), affected: 'all of it' }));
    expect((await read()).report).toMatchObject({ state: 'updated', rejected: 1 });
    expect(await affected(match, 'p-X-3', 'p-X-new')).toEqual(['X-3', 'X-new']);
  });

  it('that lists nothing, or has forgotten its list, is an archive like any other', async () => {
    const { bucket, read, folder, clock } = setUp();
    publisher.remove(`${folder}modified_id.csv`);
    expect((await read()).report).toMatchObject({ state: 'updated', advisories: 60 });
    expect((await read()).report?.problem).toMatchObject({ kind: 'broken' });
    bucket.records.set('X-new', record('X-new', 300));
    bucket.writeArchive(minute(301));
    clock.advance(1000);
    expect((await read()).report).toMatchObject({ state: 'updated', advisories: 61 });
  });

  it('is read whole after the way of compiling has changed, or the validator is not ours', async () => {
    const { source, read } = setUp();
    await read();
    for (const validator of ['"an entity tag"', '{"since":1}', '{', undefined]) {
      expect((await source.read(validator)).kind).toBe('files');
    }
  });
});

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** As Red Hat gives it: a component of a platform is fixed in a version. */
const csaf = (cve: string, evr: string) => ({
  document: { category: 'csaf_vex', tracking: { id: cve, current_release_date: '2026-01-01T00:00:00Z' } },
  product_tree: {
    branches: [
      {
        category: 'vendor',
        name: 'Red Hat',
        branches: [
          {
            category: 'product_name',
            name: 'RHEL 9',
            product: {
              product_id: 'BaseOS-9',
              name: 'RHEL 9',
              product_identification_helper: { cpe: 'cpe:/o:redhat:enterprise_linux:9::baseos' },
            },
          },
          {
            category: 'product_version',
            name: 'curl',
            product: {
              product_id: 'curl',
              name: 'curl',
              product_identification_helper: { purl: `pkg:rpm/redhat/curl@${evr}?arch=src` },
            },
          },
        ],
      },
    ],
    relationships: [
      {
        category: 'default_component_of',
        product_reference: 'curl',
        relates_to_product_reference: 'BaseOS-9',
        full_product_name: { product_id: 'BaseOS-9:curl', name: 'curl of RHEL 9' },
      },
    ],
  },
  vulnerabilities: [{ cve, product_status: { fixed: ['BaseOS-9:curl'] } }],
});

describe('a folder of CSAF documents', () => {
  const folder = 'https://csaf.example/v2/vex/';
  const path = (cve: string): string => `${cve.slice(4, 8)}/${cve.toLowerCase()}.json`;
  const put = (cve: string, evr: string, hash?: string): void => {
    const text = JSON.stringify(csaf(cve, evr));
    publisher.put(folder + path(cve), text);
    publisher.put(`${folder + path(cve)}.sha256`, `${hash ?? sha256(text)}  ${path(cve).slice(5)}\n`);
  };
  const lists = (changes: Record<string, string>, deletions: Record<string, string> = {}): void => {
    const csv = (rows: Record<string, string>): string =>
      Object.entries(rows)
        .sort(([, a], [, b]) => Date.parse(b) - Date.parse(a))
        .map(([cve, time]) => `"${path(cve)}","${time}"\n`)
        .join('');
    publisher.put(`${folder}changes.csv`, csv(changes));
    publisher.put(`${folder}deletions.csv`, csv(deletions));
  };
  async function archive(cves: readonly string[], modified: string): Promise<void> {
    const pack = tar.pack();
    for (const cve of cves) pack.entry({ name: path(cve) }, JSON.stringify(csaf(cve, '7.76-1.el9')));
    pack.finalize();
    const parts: Buffer[] = [];
    for await (const part of pack) parts.push(part as Buffer);
    const content = zstdCompressSync(Buffer.concat(parts));
    const name = 'csaf_vex_2026-03-01.tar.zst';
    publisher.put(`${folder}archive_latest.txt`, `${name}\n`);
    publisher.put(folder + name, { content, modified });
    publisher.put(`${folder + name}.sha256`, `${sha256(content)}  ${name}\n`);
  }
  const clock = manualClock('2026-03-02T00:00:00Z');
  const source = (): AdvisorySource =>
    publisherSource(
      { name: 'red-hat/vex', kind: 'csaf-folder', url: folder },
      { fetch: publisher.fetch, now: clock.now, pause: async () => {} },
    );
  const curl = { type: 'rpm', name: 'curl', version: '7.70-1.el9', distro: { id: 'rhel', versionId: '9.4' } };
  const found = async (match: ReturnType<typeof world>['match']) =>
    (await match([curl])).findings.map(({ id, fixedVersions }) => `${id} ${fixedVersions.join()}`);

  it('is an archive, changes and deletions, each held to its checksum', async () => {
    const { sync, match } = world();
    const cves = ['CVE-2026-1000', 'CVE-2026-1001', 'CVE-2025-9000'];
    const before = Object.fromEntries(cves.map((cve) => [cve, '2026-02-01T10:00:00+00:00']));
    await archive(cves, '2026-03-01T00:00:00Z');
    lists(before);
    expect((await sync([source()])).sources).toMatchObject([{ state: 'updated', advisories: 3 }]);
    expect(await found(match)).toEqual([
      'CVE-2025-9000 7.76-1.el9',
      'CVE-2026-1000 7.76-1.el9',
      'CVE-2026-1001 7.76-1.el9',
    ]);
    put('CVE-2026-1001', '7.99-1.el9');
    put('CVE-2026-2000', '7.88-1.el9');
    const changes = {
      ...before,
      'CVE-2026-1001': '2026-03-02T02:00:00+01:00',
      'CVE-2026-2000': '2026-03-02T01:30:00+00:00',
    };
    lists(changes, { 'CVE-2025-9000': '2026-03-02T00:30:00+00:00', 'CVE-2020-1': '2021-01-01T00:00:00+00:00' });
    publisher.asked();
    const second = await sync([source()]);
    expect(second.sources, JSON.stringify(second.sources)).toMatchObject([{ state: 'updated', advisories: 3 }]);
    expect(publisher.asked().some(({ url }) => url.includes('.tar.'))).toBe(false);
    expect(await found(match)).toEqual([
      'CVE-2026-1000 7.76-1.el9',
      'CVE-2026-1001 7.99-1.el9',
      'CVE-2026-2000 7.88-1.el9',
    ]);
    put('CVE-2026-3000', '7.80-1.el9', sha256('something else'));
    lists({ ...changes, 'CVE-2026-3000': '2026-03-02T03:00:00+00:00' });
    expect((await sync([source()])).sources).toMatchObject([{ problem: { kind: 'broken' } }]);
    expect(await found(match)).toHaveLength(3);
  });

  it.each(['../secret.tar.zst', 'https://evil.example/a.tar.zst', '', 'a'.repeat(200)])(
    'does not follow an archive named %s',
    async (name) => {
      publisher.put(`${folder}archive_latest.txt`, name);
      expect((await world().sync([source()])).sources).toMatchObject([{ problem: { kind: 'broken' } }]);
    },
  );
});
