import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadJson } from '../../../lib/documents/index.ts';
import { type AdvisorySource, AdvisorySourceError, syncAdvisories } from '../../../lib/vulnerabilities/index.ts';
import { writeZip } from '../formats/zip/write-zip.ts';
import { affects, fileSource, npm, recordSource, world } from './support.ts';

const records = (count: number, ecosystem = 'npm') =>
  Array.from({ length: count }, (_, i) =>
    affects(`X-${ecosystem}-${i}`, ecosystem, `package-${i % 40}`, `0..${i}.0.0`),
  );
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const lines = (values: readonly unknown[]) => Buffer.from(values.map((value) => JSON.stringify(value)).join('\n'));

describe('a snapshot', () => {
  it('is named by what the sources say, not by order, repetition, files or compression', async () => {
    const all = records(60);
    const reference = (await world().sync([recordSource(all)])).snapshot?.id;
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.shuffledSubarray(all),
        fc.nat(all.length),
        async (shuffled, repeated, cut) => {
          const files = [
            { path: 'a.json', bytes: Buffer.from(JSON.stringify(shuffled.slice(0, cut))) },
            { path: 'b.jsonl.zst', bytes: zstdCompressSync(lines(shuffled.slice(cut))) },
            { path: 'c.jsonl.gz', bytes: gzipSync(lines(repeated)) },
            { path: 'd.zip', bytes: writeZip(repeated.map((one, i) => ({ name: `${i}.json`, content: json(one) }))) },
          ];
          expect((await world().sync([fileSource(files)])).snapshot?.id).toBe(reference);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('does not depend on the order of the sources, and depends on their scope', async () => {
    const a = recordSource(records(3), 'a');
    const b = recordSource(records(4, 'PyPI'), 'b');
    const one = (await world().sync([a, b])).snapshot?.id;
    expect((await world().sync([b, a])).snapshot?.id).toBe(one);
    expect((await world().sync([a, { ...b, scope: 'excerpt' }])).snapshot?.id).not.toBe(one);
  });

  it('keeps of one record the version that was modified last', async () => {
    const { sync, match } = world();
    const old = affects('X-1', 'npm', 'left', '0..9.0.0', { modified: '2025-01-01T00:00:00Z' });
    const corrected = affects('X-1', 'npm', 'left', '0..1.0.0', { modified: '2026-01-01T00:00:00Z' });
    await sync([recordSource([corrected, old, corrected])]);
    expect((await match([npm('left', '2.0.0')])).findings).toEqual([]);
  });

  it('is split into shards of bounded size, of which an image reads the few that it needs', async () => {
    const { sync, match, advisories } = world();
    const many = Array.from({ length: 6000 }, (_, i) => affects(`X-${i}`, 'npm', `package-${i}`, '0..1.0.0'));
    const { snapshot } = await sync([recordSource(many)]);
    const [section] = snapshot?.sources[0]?.ecosystems ?? [];
    expect(section?.bits).toBeGreaterThan(2);
    expect(section?.shards).toHaveLength(2 ** (section?.bits ?? 0));
    const before = advisories.shardsRead;
    expect((await match([npm('package-17', '0.5.0')])).findings).toHaveLength(1);
    expect(advisories.shardsRead - before).toBe(1);
    for (const digest of section?.shards ?? []) {
      const shard = digest && (await advisories.loadShards([digest])).get(digest);
      expect(JSON.stringify(shard).length).toBeLessThan(4 * 64 * 1024);
    }
  });
});

describe('what is announced', () => {
  it('names the snapshots and keeps a document of the difference', async () => {
    const { sync, documents } = world();
    const first = await sync([
      recordSource([affects('X-1', 'npm', 'left', '0..1.0.0'), affects('X-2', 'npm', 'right', '0')]),
    ]);
    expect(first.kind).toBe('updated');
    const second = await sync([
      recordSource([
        affects('X-1', 'npm', 'left', '0..1.0.1', { modified: '2026-02-01T00:00:00Z' }),
        affects('X-2', 'npm', 'right', '0', { withdrawn: '2026-02-01T00:00:00Z' }),
        affects('X-3', 'npm', 'third', '0'),
      ]),
    ]);
    expect(second.events).toMatchObject([
      {
        detailType: 'Advisories Updated',
        data: { snapshot: second.snapshot?.id, previous: first.snapshot?.id, advisories: 3, changedPackages: 3 },
      },
    ]);
    const { difference } = z.object({ difference: z.object({ key: z.string() }) }).parse(second.events[0]?.data);
    expect(await loadJson(documents, difference.key, z.unknown())).toMatchObject({
      packages: [
        { ecosystem: 'npm', name: 'left', appeared: [], changed: ['X-1'], withdrawn: [] },
        { ecosystem: 'npm', name: 'right', appeared: [], changed: [], withdrawn: ['X-2'] },
        { ecosystem: 'npm', name: 'third', appeared: ['X-3'], changed: [], withdrawn: [] },
      ],
    });
  });

  it('is nothing when nothing is new and all images were told; else it is told again', async () => {
    const { sync, advisories } = world();
    const source = recordSource(records(3));
    await sync([source]);
    // The event may have been lost, or never published.
    const again = await sync([source]);
    expect(again).toMatchObject({ kind: 'unchanged', events: [{ detailType: 'Advisories Updated' }] });
    const current = await advisories.currentSnapshot();
    if (current) await advisories.markRematched({ id: current.snapshot.id, sequence: current.sequence });
    expect(await sync([source])).toMatchObject({ kind: 'unchanged', events: [] });
  });
});

describe('a source that fails', () => {
  const good = lines(records(40));
  const whole = zstdCompressSync(good);
  const cases: readonly [string, () => AdvisorySource, string][] = [
    [
      'truncated zstd',
      () => fileSource([{ path: 'a.jsonl.zst', bytes: whole.subarray(0, whole.length - 9) }]),
      'broken',
    ],
    ['truncated gzip', () => fileSource([{ path: 'a.jsonl.gz', bytes: gzipSync(good).subarray(0, -12) }]), 'broken'],
    [
      'truncated zip',
      () =>
        fileSource([
          { path: 'all.zip', bytes: writeZip([{ name: 'a.json', content: json(records(9)) }]).subarray(0, -30) },
        ]),
      'broken',
    ],
    ['a line that breaks off', () => fileSource([{ path: 'a.jsonl', bytes: good.subarray(0, -7) }]), 'broken'],
    [
      'an array that breaks off',
      () => fileSource([{ path: 'a.json', bytes: Buffer.from('[{"id":"X-1"},') }]),
      'broken',
    ],
    [
      'bytes that are no UTF-8',
      () => fileSource([{ path: 'a.json', bytes: Buffer.from([0x7b, 0xff, 0xfe]) }]),
      'broken',
    ],
    ['an error page', () => fileSource([{ path: 'a.json', bytes: Buffer.from('<html>busy</html>') }]), 'broken'],
    ['a key twice', () => fileSource([{ path: 'a.json', bytes: Buffer.from('{"id":"X-1","id":"X-2"}') }]), 'broken'],
    ['records of another kind', () => recordSource(Array.from({ length: 9 }, (_, i) => ({ cveID: i }))), 'malformed'],
    [
      'many malformed records',
      () => recordSource([...records(40), ...Array.from({ length: 5 }, () => ({ id: 'X', affected: 'none' }))]),
      'malformed',
    ],
    ['nothing about any package', () => recordSource([{ id: 'X-1', affected: [] }]), 'empty'],
    ['no file', () => fileSource([]), 'empty'],
    ['an empty list', () => recordSource([]), 'empty'],
    ['a tenth of what it had', () => recordSource(records(4)), 'shrunk'],
    ['another ecosystem instead', () => recordSource(records(40, 'PyPI')), 'shrunk'],
    [
      'no answer',
      () => ({
        name: 'test',
        scope: 'complete',
        read: async () => {
          throw new AdvisorySourceError('unreachable', 'no route');
        },
      }),
      'unreachable',
    ],
    [
      '"unchanged", though nothing was read',
      () => ({ name: 'other', scope: 'complete', read: async () => ({ kind: 'unchanged' }) }),
      'broken',
    ],
  ];

  it.each(cases)('by %s keeps its last good data in force and says why', async (_what, bad, problem) => {
    const { sync, advisories, match } = world();
    const first = await sync([fileSource([{ path: 'a.jsonl.zst', bytes: whole }])]);
    const failing = bad();
    const steady = recordSource(records(2, 'RubyGems'), 'steady');
    const sources =
      failing.name === 'test' ? [failing, steady] : [fileSource([{ path: 'a.jsonl', bytes: good }]), failing, steady];
    const result = await sync(sources);
    expect(result.sources.find(({ name }) => name === failing.name)).toMatchObject({
      state: 'failed',
      problem: { kind: problem },
    });
    // The other source's news is taken over all the same.
    expect(result.kind).toBe('updated');
    expect(result.events[0]?.data).toMatchObject({
      sources: expect.arrayContaining([expect.objectContaining({ name: failing.name, problem: expect.any(String) })]),
    });
    const current = await advisories.currentSnapshot();
    expect(current?.snapshot.sources.find(({ name }) => name === 'test')?.ecosystems).toEqual(
      first.snapshot?.sources[0]?.ecosystems,
    );
    expect((await match([npm('package-39', '0.1.0')])).findings).toHaveLength(1);
  });

  it('alone changes nothing, or is the whole failure when there was nothing before', async () => {
    const { sync, advisories } = world();
    const broken = fileSource([{ path: 'a.json', bytes: Buffer.from('[') }]);
    expect(await sync([broken])).toMatchObject({ kind: 'failed', snapshot: undefined, events: [] });
    const { snapshot } = await sync([recordSource(records(3))]);
    expect((await sync([broken])).kind).toBe('unchanged');
    expect((await advisories.currentSnapshot())?.snapshot.id).toBe(snapshot?.id);
  });

  it('by shrinking is believed when a person says so', async () => {
    const { sync } = world();
    await sync([recordSource(records(40))]);
    expect(await sync([recordSource(records(4))], { acceptShrink: true })).toMatchObject({
      kind: 'updated',
      sources: [{ advisories: 4 }],
    });
  });

  it('by bomb or flood crosses a cap', async () => {
    const limits = { fileBytes: 100_000, recordBytes: 10_000, records: 50 };
    const bomb = fileSource([{ path: 'a.json.zst', bytes: zstdCompressSync(Buffer.alloc(10_000_000, 32)) }]);
    const flood = recordSource(records(51));
    for (const source of [bomb, flood, fileSource([{ path: 'a.json', bytes: Buffer.alloc(100_001, 32) }])]) {
      expect((await world().sync([source], { limits })).sources).toMatchObject([{ problem: { kind: 'too-large' } }]);
    }
  });
});

describe('a few malformed records', () => {
  it('are left out and reported', async () => {
    const { sync } = world();
    const result = await sync([
      recordSource([...records(20), { id: 'BAD-1', affected: [{ package: { name: 'x' } }] }]),
    ]);
    expect(result.sources).toMatchObject([{ state: 'updated', advisories: 20, rejected: 1 }]);
    expect(result.snapshot?.sources[0]?.rejected.examples).toEqual([expect.stringContaining('BAD-1')]);
  });
});

describe('sources with validators', () => {
  it('are not compiled again when they have nothing new', async () => {
    const asked: (string | undefined)[] = [];
    const source: AdvisorySource = {
      name: 'etag',
      scope: 'complete',
      read: async (validator) => {
        asked.push(validator);
        if (validator === '"1"') return { kind: 'unchanged' };
        const reading = await recordSource(records(3)).read(undefined);
        return { ...reading, validator: '"1"' };
      },
    };
    const { sync } = world();
    await sync([source]);
    expect(await sync([source, recordSource(records(1, 'PyPI'), 'more')])).toMatchObject({
      kind: 'updated',
      sources: [
        { name: 'etag', state: 'unchanged', advisories: 3 },
        { name: 'more', state: 'updated' },
      ],
    });
    expect(asked).toEqual([undefined, '"1"']);
  });

  it('that are absent or no longer configured contribute nothing', async () => {
    const { sync, advisories } = world();
    await sync([recordSource(records(3), 'a'), recordSource(records(3, 'PyPI'), 'b')]);
    await sync([
      recordSource(records(3), 'a'),
      { name: 'b', scope: 'complete', read: async () => ({ kind: 'absent' }) },
    ]);
    expect((await advisories.currentSnapshot())?.snapshot.sources.map(({ name }) => name)).toEqual(['a']);
  });
});

describe('two syncs at once', () => {
  it('do not overwrite each other', async () => {
    const { sync, advisories } = world();
    await sync([recordSource(records(2))]);
    const slow: AdvisorySource = {
      ...recordSource(records(3)),
      read: async () => {
        await sync([recordSource(records(4))]);
        return recordSource(records(3)).read(undefined);
      },
    };
    await expect(sync([slow])).rejects.toMatchObject({ code: 'advisories-conflict', retryable: true });
    expect((await advisories.currentSnapshot())?.snapshot.sources[0]?.advisories).toBe(4);
  });
});

describe('how it stands with a source', () => {
  it('is remembered: since when it fails, what is wrong, and how old its data are', async () => {
    const { advisories, documents, clock } = world();
    const run = (source: AdvisorySource) =>
      syncAdvisories({
        ...{ sources: [source], store: advisories, progress: advisories, documents, clock, log: advisories },
      });
    const good = recordSource(records(3));
    const bad = fileSource([{ path: 'a.xml', bytes: Buffer.from('<oval_definitions><definitions>') }]);
    const began = clock.now().toISOString();
    expect((await run(good)).sources).toMatchObject([{ state: 'updated', staleSeconds: 0 }]);
    clock.advance(3600_000);
    const first = await run(bad);
    expect(first.sources).toMatchObject([{ state: 'failed', problem: { kind: 'broken' }, staleSeconds: 3600 }]);
    const failedAt = clock.now().toISOString();
    clock.advance(3600_000);
    expect((await run(bad)).sources).toMatchObject([{ staleSeconds: 7200 }]);
    expect(await advisories.sourceStates()).toMatchObject({
      test: { goodAt: began, problem: { kind: 'broken', message: expect.stringContaining('a.xml'), since: failedAt } },
    });
    expect((await run(good)).sources).toMatchObject([{ staleSeconds: 0 }]);
    expect(await advisories.sourceStates()).toEqual({ test: { goodAt: clock.now().toISOString() } });
  });

  it('counts from the first failure where it never gave anything', async () => {
    const { advisories, documents, clock } = world();
    const run = () =>
      syncAdvisories({
        ...{ sources: [fileSource([])], store: advisories, progress: advisories, documents, clock, log: advisories },
      });
    expect((await run()).sources).toMatchObject([{ staleSeconds: 0 }]);
    clock.advance(60_000);
    expect((await run()).sources).toMatchObject([{ staleSeconds: 60 }]);
  });
});

describe('a run without time for all', () => {
  it('keeps what the others said, and begins with them the next time', async () => {
    const { advisories, documents, clock, match } = world();
    const slow = (name: string, ecosystem: string): AdvisorySource => {
      const source = recordSource(records(3, ecosystem), name);
      const read: AdvisorySource['read'] = async (validator) => {
        clock.advance(60_000);
        return source.read(validator);
      };
      return { ...source, read };
    };
    const sources = [slow('a', 'npm'), slow('b', 'PyPI'), slow('c', 'RubyGems')];
    const run = async () => {
      const until = new Date(clock.now().getTime() + 90_000);
      const ports = { sources, store: advisories, progress: advisories, documents, clock, log: advisories };
      const result = await syncAdvisories(ports, { until });
      return result.sources.map(({ name, state }) => `${name} ${state}`);
    };
    expect(await run()).toEqual(['a updated', 'b updated', 'c postponed']);
    expect(await run()).toEqual(['c updated', 'a updated', 'b postponed']);
    const left = (type: string) => ({ type, name: 'package-2', version: '1.0.0' });
    expect((await match([left('npm'), left('pypi'), left('gem')])).findings).toHaveLength(3);
    expect(Object.keys(await advisories.sourceStates()).sort()).toEqual(['a', 'b', 'c']);
  });
});

describe('a source that one run cannot read to its end', () => {
  it('fails by itself, comes last the next time, and takes nobody else’s news with it', async () => {
    const { advisories, documents, clock, match } = world();
    let lines = 0;
    const endless: AdvisorySource = {
      ...{ name: 'endless', scope: 'complete' },
      read: async () => ({
        kind: 'files',
        fetchedBytes: 7,
        files: (async function* () {
          for (; lines < 1000; lines++) {
            clock.advance(1000);
            yield { path: `${lines}.json`, bytes: json(affects(`E-${lines}`, 'Go', 'left', '0')) };
          }
        })(),
      }),
    };
    const sources = [endless, { ...recordSource(records(3)), name: 'quick' }];
    const run = async () => {
      lines = 0;
      const inSeconds = (seconds: number): Date => new Date(clock.now().getTime() + seconds * 1000);
      const ports = { sources, store: advisories, progress: advisories, documents, clock, log: advisories };
      const { sources: reports } = await syncAdvisories(ports, { until: inSeconds(40), deadline: inSeconds(60) });
      return reports.map(({ name, state, problem }) => [name, state, problem?.kind]);
    };
    expect(await run()).toEqual([
      ['endless', 'failed', 'too-large'],
      ['quick', 'postponed', undefined],
    ]);
    expect(await run()).toEqual([
      ['quick', 'updated', undefined],
      ['endless', 'failed', 'too-large'],
    ]);
    expect((await match([npm('package-2', '1.0.0')])).findings).toHaveLength(1);
  });

  it('tells what was fetched, in this run and in all', async () => {
    const { advisories, documents, clock } = world();
    const source: AdvisorySource = {
      ...{ name: 'web', scope: 'complete' },
      read: async () => ({
        ...{ kind: 'files', fetchedBytes: 100 },
        files: (async function* () {
          yield { path: 'a.json', bytes: json(records(3)) };
        })(),
      }),
    };
    const ports = { sources: [source], store: advisories, progress: advisories, documents, clock, log: advisories };
    expect((await syncAdvisories(ports)).sources).toMatchObject([{ fetchedBytes: 100 }]);
    await syncAdvisories(ports);
    expect(await advisories.sourceStates()).toMatchObject({ web: { fetched: { last: 100, total: 200 } } });
  });
});

describe('caps', () => {
  it('on a file, a record and their number stop a huge source while it streams', async () => {
    const { advisories, documents, clock } = world();
    const limits = { fileBytes: 64 * 1024, recordBytes: 8 * 1024, records: 50 };
    const problem = async (path: string, bytes: Uint8Array) => {
      const sources = [fileSource([{ path, bytes }])];
      const run = { sources, store: advisories, progress: advisories, documents, clock };
      return (await syncAdvisories(run, { limits })).sources[0]?.problem?.kind;
    };
    const bomb = zstdCompressSync(Buffer.alloc(32 * 1024 * 1024, 0x20));
    expect(await problem('a.json.zst', bomb)).toBe('too-large');
    expect(await problem('a.jsonl', Buffer.from(`{"id":"${'x'.repeat(9000)}"}`))).toBe('too-large');
    expect(await problem('a.jsonl', lines(records(60)))).toBe('too-large');
    expect(await problem('a.xml', Buffer.from(`<oval_definitions>${'x'.repeat(70_000)}`))).toBe('too-large');
    expect(await problem('a.zip', writeZip([{ name: 'a.json', content: Buffer.alloc(9000, 0x20) }]))).toBe('too-large');
    expect(await problem('a.csv', Buffer.from(`cve,epss,percentile\n${'CVE-2026-1000,0.1,0.1\n'.repeat(60)}`))).toBe(
      'too-large',
    );
  });
});
