import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { type Digest, digestHex, digestOf } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { type Shard, type Snapshot, snapshotSchema, trustedShard } from '../model.ts';
import type { AdvisoryStore, CurrentSnapshot } from '../ports.ts';

/** A place of a shard in a pack: digest, offset, length. */
const ENTRY = 32 + 6 + 4;
const MAX_SHARD_BYTES = 64 * 1024 * 1024;
/** Over this many, the packs hold mostly what is no longer in force. */
const MAX_PACKS = 24;

const currentSchema = z.object({
  sequence: z.int().positive(),
  packs: z.array(z.string().regex(/^[0-9a-f-]+$/)),
  snapshot: snapshotSchema,
});

interface Pack {
  readonly path: string;
  /** Entries in the order of their digests. */
  readonly index: Buffer;
}

/**
 * Compiled advisories in a folder of the user's cache: many shards in one file, with an index that is searched and not
 * read through, since a scan wants some of thousands. Whatever is missing or damaged is said as such, and compiled anew.
 */
export function packedAdvisoryStore(folder: string): AdvisoryStore {
  const pending = new Map<Digest, string>();
  let packs: readonly Pack[] | undefined;
  let names: readonly string[] = [];
  const openPacks = async (): Promise<readonly Pack[]> => {
    packs ??= await Promise.all(
      names.map(async (name) => {
        const path = join(folder, `${name}.pack`);
        return { path, index: await readFile(join(folder, `${name}.index`)).catch(missing(path)) };
      }),
    );
    return packs;
  };
  const write = async (name: string, content: Uint8Array): Promise<void> => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const whole = join(folder, `${name}.${randomUUID()}.tmp`);
    await writeFile(whole, content, { mode: 0o600 });
    await rename(whole, join(folder, name));
  };
  const readCurrent = async (): Promise<CurrentSnapshot | undefined> => {
    const text = await readFile(join(folder, 'current.json'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    const { sequence, packs: held, snapshot } = parseOrDamaged(text);
    if (held.length > MAX_PACKS) throw new LadingError('document-damaged', 'the cached advisories are mostly outdated');
    names = held;
    packs = undefined;
    return { sequence, snapshot };
  };
  const keep = async (): Promise<void> => {
    const known = await openPacks();
    const fresh = [...pending].filter(([digest]) => !known.some(({ index }) => findIn(index, digest)));
    if (fresh.length === 0) return;
    const { index, content } = pack(fresh);
    const name = randomUUID();
    await write(`${name}.pack`, content);
    await write(`${name}.index`, index);
    names = [...names, name];
    packs = [...known, { path: join(folder, `${name}.pack`), index }];
  };
  const currentOf = (snapshot: Snapshot, sequence: number): Buffer =>
    Buffer.from(JSON.stringify({ sequence, packs: names, snapshot }));
  return {
    currentSnapshot: readCurrent,
    snapshot: async () => undefined,
    async putShards(shards) {
      for (const [digest, text] of shards) pending.set(digest, text);
    },
    renewSnapshot: async (snapshot, { sequence }) =>
      write('current.json', currentOf(snapshot, sequence)).catch(() => {}),
    async putSnapshot(snapshot, after) {
      const sequence = (after?.sequence ?? 0) + 1;
      try {
        await keep();
        await write('current.json', currentOf(snapshot, sequence));
      } catch {
        // A folder that cannot be written costs time the next time; what was compiled is in memory.
      }
      return { snapshot, sequence };
    },
    async loadShards(digests) {
      const held = await openPacks();
      const shards = new Map<Digest, Shard>();
      const wanted = new Map<Pack, [Digest, { offset: number; length: number }][]>();
      for (const digest of digests) {
        const text = pending.get(digest);
        if (text !== undefined) {
          shards.set(digest, trustedShard(text));
          continue;
        }
        const [place, where] = locate(held, digest);
        const list = wanted.get(place);
        if (list) list.push([digest, where]);
        else wanted.set(place, [[digest, where]]);
      }
      for (const [{ path }, places] of wanted) await readPlaces(path, places, shards);
      return shards;
    },
  };
}

const missing = (path: string) => (cause: unknown) => {
  throw new LadingError('shard-missing', `the advisory pack ${path} is gone`, { cause });
};

function parseOrDamaged(text: string): z.infer<typeof currentSchema> {
  try {
    return currentSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new LadingError('document-damaged', 'the cached snapshot of advisories is damaged', { cause });
  }
}

function pack(shards: readonly (readonly [Digest, string])[]): { index: Buffer; content: Buffer } {
  const sorted = [...shards].sort(([a], [b]) => (a < b ? -1 : 1));
  const index = Buffer.alloc(sorted.length * ENTRY);
  const parts: Buffer[] = [];
  let offset = 0;
  sorted.forEach(([digest, text], i) => {
    const part = zstdCompressSync(text);
    index.write(digestHex(digest), i * ENTRY, 'hex');
    index.writeUIntBE(offset, i * ENTRY + 32, 6);
    index.writeUInt32BE(part.length, i * ENTRY + 38);
    offset += part.length;
    parts.push(part);
  });
  return { index, content: Buffer.concat(parts) };
}

function locate(packs: readonly Pack[], digest: Digest): [Pack, { offset: number; length: number }] {
  for (const place of packs) {
    const found = findIn(place.index, digest);
    if (found) return [place, found];
  }
  throw new LadingError('shard-missing', `the advisory shard ${digest} is gone`);
}

function findIn(index: Buffer, digest: Digest): { offset: number; length: number } | undefined {
  const wanted = Buffer.from(digestHex(digest), 'hex');
  let low = 0;
  let high = Math.floor(index.length / ENTRY) - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = middle * ENTRY;
    const order = wanted.compare(index, at, at + 32);
    if (order === 0) return { offset: index.readUIntBE(at + 32, 6), length: index.readUInt32BE(at + 38) };
    if (order < 0) high = middle - 1;
    else low = middle + 1;
  }
  return undefined;
}

async function readPlaces(
  path: string,
  places: readonly [Digest, { readonly offset: number; readonly length: number }][],
  into: Map<Digest, Shard>,
): Promise<void> {
  const file = await open(path).catch(missing(path));
  try {
    for (const [digest, { offset, length }] of places) {
      const packed = Buffer.alloc(length);
      await file.read(packed, 0, length, offset);
      into.set(digest, unpack(packed, digest));
    }
  } finally {
    await file.close();
  }
}

function unpack(packed: Buffer, digest: Digest): Shard {
  let text: Buffer;
  try {
    text = zstdDecompressSync(packed, { maxOutputLength: MAX_SHARD_BYTES });
  } catch (cause) {
    throw new LadingError('document-damaged', `the advisory shard ${digest} cannot be decompressed`, { cause });
  }
  if (digestOf(text) !== digest) throw new LadingError('document-damaged', `the advisory shard ${digest} is damaged`);
  return trustedShard(text.toString('utf8'));
}
