import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import {
  type CatalogEntry,
  type CompactRepository,
  DigestNumbers,
  recentRepositories,
  wholeRepositories,
} from '../../../lib/inventory/index.ts';
import { decodeSnapshot } from '../../../lib/inventory/snapshot/decode-snapshot.ts';
import { encodeSnapshot } from '../../../lib/inventory/snapshot/encode-snapshot.ts';

const of = { registry: 'r.example', repository: 'team/app' };
const start = '2026-06-01T00:00:00.000Z';
/** A snapshot is only kept of a large repository. */
const MANY = 2_000;

const digest = (n: number): Digest =>
  n % 7 === 3 ? `sha512:${digestOf(`${n}`).slice(7)}${digestOf(`${n}!`).slice(7)}` : digestOf(`${n}`);

function entry(n: number, more: Partial<CatalogEntry> = {}): CatalogEntry {
  return {
    ...of,
    digest: digest(n),
    mediaType: `application/x.${n % 3}`,
    artifactClass: n % 3 === 0 ? 'index' : 'image',
    children: n % 3 === 0 ? [{ digest: digest(n + 1), mediaType: 'x/y', size: 1, platform: 'linux/amd64' }] : [],
    layers: Array.from({ length: n % 4 }, (_, i) => ({ digest: digest(n * 10 + i), mediaType: 'x/y', size: i * 1e10 })),
    sizeBytes: n,
    labels: n % 2 === 0 ? { team: `t${n % 5}`, __proto__x: 'y' } : {},
    pushedAt: start,
    firstSeenAt: start,
    ...(n % 5 === 0 ? { referrerOf: digest(n + 2), platform: 'linux/arm64' } : {}),
    ...(n % 4 === 0 ? { config: { digest: digest(n * 10), mediaType: 'c/d', size: 7 }, created: 'no time' } : {}),
    ...more,
  };
}

/** All that a repository says, in an order of its own. */
function contentOf(repository: CompactRepository): readonly string[] {
  const { digests } = repository;
  const list = (numbers: readonly number[]) => numbers.map((number) => (number < 0 ? '-' : digests.digestOf(number)));
  const slice = <T>(column: readonly T[], starts: readonly number[], row: number) =>
    column.slice(starts[row], starts[row + 1]);
  const rows = repository.manifest.map((_, row) =>
    JSON.stringify([
      repository.digestAt(row),
      ...(['mediaType', 'artifactClass', 'platform'] as const).map((name) => repository.textOf(repository[name][row])),
      list([repository.subject[row] as number, repository.config[row] as number]),
      ...(['sizeBytes', 'createdAt', 'pushedAt', 'firstSeenAt', 'configSize'] as const).map(
        (name) => repository[name][row],
      ),
      list(slice(repository.layer, repository.layerStart, row)),
      slice(repository.layerSize, repository.layerStart, row),
      list(slice(repository.child, repository.childStart, row)),
      slice(repository.childPlatform, repository.childStart, row).map((one) => repository.textOf(one)),
      slice(repository.label, repository.labelStart, row).map((one) => repository.textOf(one)),
    ]),
  );
  const tags = repository.tag.map((tag, i) =>
    JSON.stringify([
      tag,
      list([repository.tagDigest[i] as number, repository.tagSubject[i] as number]),
      repository.tagBoundAt[i],
    ]),
  );
  return [...rows, ...tags].sort();
}

type Change = { readonly kind: 'enter' | 'delete' | 'tag' | 'untag'; readonly n: number };
const changes: fc.Arbitrary<readonly Change[]> = fc.array(
  fc.record({ kind: fc.constantFrom('enter', 'delete', 'tag', 'untag'), n: fc.nat(MANY + 40) }),
  { maxLength: 30 },
);

async function withSnapshot() {
  const clock = manualClock(start);
  const catalog = memoryCatalog(clock);
  const documents = memoryDocuments();
  for (let n = 0; n < MANY; n++) await catalog.enter(entry(n));
  for (const n of [1, 2, 3, 4]) await catalog.bindTag({ ...of, tag: `v${n}`, digest: digest(n), boundAt: start });
  const signature = digest(1).replace(':', '-');
  await catalog.bindTag({ ...of, tag: `${signature}.sig`, digest: digest(2), boundAt: start });
  let read = 0;
  const ports = {
    catalog: {
      ...catalog,
      entries: (...given: Parameters<typeof catalog.entries>) => {
        read++;
        return catalog.entries(...given);
      },
    },
    documents,
    clock,
  };
  clock.advance(3_600_000);
  await wholeRepositories(ports)(of, new DigestNumbers());
  return { ports, catalog, clock, documents, wholeReads: () => read };
}

describe('a repository that is read by its snapshot', () => {
  it('is what reading all of it would say, whatever was written since', async () => {
    const { ports, catalog, clock, wholeReads } = await withSnapshot();
    await fc.assert(
      fc.asyncProperty(changes, async (todo) => {
        for (const { kind, n } of todo) {
          clock.advance(1_000);
          const at = clock.now().toISOString();
          if (kind === 'enter') await catalog.enter(entry(n, { sizeBytes: n + 1 }));
          else if (kind === 'delete') await catalog.markDeleted({ ...of, digest: digest(n) }, at);
          else
            await catalog.bindTag({
              ...of,
              tag: `v${n % 9}`,
              digest: kind === 'tag' ? digest(n) : undefined,
              boundAt: at,
            });
        }
        const before = wholeReads();
        const recent = await recentRepositories(ports)(of, new DigestNumbers());
        expect(wholeReads()).toBe(before);
        const whole = await wholeRepositories(ports)(of, new DigestNumbers());
        expect(contentOf(recent)).toEqual(contentOf(whole));
      }),
      { numRuns: 20 },
    );
  });

  it('is read as a whole where there is none, where it is too old, and where it is damaged', async () => {
    const { ports, clock, documents, wholeReads } = await withSnapshot();
    const read = () => recentRepositories(ports)(of, new DigestNumbers());
    const [key = ''] = await Array.fromAsync(documents.list('inventory/'));
    const stored = await documents.get(key);
    await read();
    expect(wholeReads()).toBe(1);
    await documents.put(key, Buffer.from('no snapshot'));
    await read();
    expect(wholeReads()).toBe(2);
    await documents.put(key, stored as Uint8Array);
    clock.advance(8 * 24 * 3_600_000);
    await read();
    expect(wholeReads()).toBe(3);
    await documents.delete(key);
    await read();
    expect(wholeReads()).toBe(4);
    await read();
    expect(wholeReads()).toBe(4);
  });

  it('refuses what is cut off or does not fit together', async () => {
    const { ports } = await withSnapshot();
    const bytes = encodeSnapshot(await wholeRepositories(ports)(of, new DigestNumbers()), start);
    expect(decodeSnapshot(bytes).size).toBe(MANY + 5);
    for (const wrong of [
      bytes.subarray(0, bytes.length - 4),
      bytes.subarray(1),
      Buffer.from('{}\n'),
      Buffer.from(''),
    ]) {
      expect(() => decodeSnapshot(wrong)).toThrow();
    }
    const other = Buffer.from(bytes);
    const place = other.indexOf('"layer":');
    other[place + 8] = 0x31;
    expect(() => decodeSnapshot(other)).toThrow('snapshot');
  });
});
