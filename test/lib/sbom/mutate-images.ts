import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryImageSource, memoryInventoryStore } from '../../../lib/sbom/adapters/memory.ts';
import { buildSbom, inventoryImage } from '../../../lib/sbom/index.ts';
import { openOciLayout } from '../../support/oci-layout.ts';
import { seededRandom } from '../../support/random.ts';
import { type TarEntryInput, tarArchive } from '../../support/tar-writer.ts';
import { apkDatabase, buildImage, dpkgStatus, osRelease, packageJson } from './image-builder.ts';
import { ecosystemSamples } from './samples/index.ts';

/*
 * Reads damaged images and prints what came of them as JSON. A program of its own, so that its heap can be capped and a
 * crash or a hang is seen from outside: `node --max-old-space-size=512 mutate-images.ts RUNS SEED [LAYOUT]`.
 */
const [runs, seed, layout] = [Number(process.argv[2]), Number(process.argv[3]), process.argv[4]];
const random = seededRandom(seed);
const below = (limit: number): number => Math.floor(random() * limit);
const pick = <One>(all: readonly One[]): One => all[below(all.length)] as One;

interface Sample {
  readonly name: string;
  readonly layers: readonly SampleLayer[];
}

interface SampleLayer {
  readonly archive: Buffer;
  readonly blob: Buffer;
  readonly mediaType: string;
  /** What the archive was made of. */
  readonly files?: readonly TarEntryInput[];
}

/** Larger layers take their time and tell no more: what is damaged is drawn from their beginning anyway. */
const MAX_ARCHIVE = 4 * 1024 * 1024;
/** A run that takes longer hangs. */
const HANG_MS = 20_000;

type How = 'file' | 'archive' | 'blob' | 'transfer';

/**
 * `file`: one file is damaged, in an archive that is whole, so that its cataloger meets it. `archive`: the archive is damaged, and all digests are right again, as a hostile maker of images would do it. `blob`:
 * the packed bytes are damaged, and their digest is right again. `transfer`: nothing is right again.
 */
async function readMutated(sample: Sample, how: How): Promise<string> {
  const place = below(sample.layers.length);
  const layers = sample.layers.map((layer, i) => {
    if (i !== place) return layerOf(layer.archive, layer.blob, layer.blob, layer.mediaType);
    const archive = damagedArchive(layer, how);
    const original = archive === layer.archive ? layer.blob : pack(archive, layer.mediaType);
    const blob = archive === layer.archive ? mutate(original) : original;
    return layerOf(archive, blob, how === 'transfer' ? original : blob, layer.mediaType);
  });
  const stored = new Map(layers.map(({ blob, descriptor }) => [descriptor.digest, blob]));
  const inventory = await inventoryImage(
    { layers: layers.map((one) => one.descriptor), diffIds: layers.map((one) => one.diffId) },
    { source: lyingSource(stored), inventories: memoryInventoryStore() },
    { signal: AbortSignal.timeout(HANG_MS) },
  );
  const sbom = buildSbom({ digest: digestOf('image') }, inventory);
  if (sbom.gaps.some(({ code }) => code === 'time')) throw new Error('it hangs');
  const sound = layers.every(({ blob, descriptor, diffId }) => isSound(blob, descriptor, diffId));
  if (sbom.outcome === 'complete' && !sound) throw new Error('damage was reported as complete');
  JSON.stringify(sbom);
  return sbom.outcome;
}

function layerOf(archive: Buffer, blob: Buffer, promised: Buffer, mediaType: string) {
  return {
    blob,
    descriptor: { mediaType, digest: digestOf(promised), size: promised.length },
    diffId: digestOf(archive),
  };
}

/** The same archive where the damage comes later. */
function damagedArchive({ archive, files = [] }: SampleLayer, how: How): Buffer {
  if (how === 'archive' || (how === 'file' && files.length === 0)) return mutate(archive);
  if (how !== 'file') return archive;
  const which = below(files.length);
  return tarArchive(
    files.map((file, i) => (i === which ? { ...file, content: mutate(Buffer.from(file.content ?? '')) } : file)),
  );
}

/** Gives out what is stored under a digest without checking it, as a broken disk would. */
function lyingSource(stored: ReadonlyMap<Digest, Buffer>) {
  const source = memoryImageSource([]);
  return {
    ...source,
    async *open({ digest }: { readonly digest: Digest }): AsyncGenerator<Uint8Array> {
      const blob = stored.get(digest) ?? Buffer.alloc(0);
      for (let at = 0; at < blob.length; at += 64 * 1024) yield blob.subarray(at, at + 64 * 1024);
    },
  };
}

/** Judged by Node's own one-shot functions, which share nothing with the reader. */
function isSound(blob: Buffer, { digest }: { readonly digest: Digest }, diffId: Digest): boolean {
  if (sha256(blob) !== digest) return false;
  try {
    return sha256(unpack(blob)) === diffId;
  } catch {
    return false;
  }
}

const sha256 = (bytes: Buffer): Digest => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Told apart by the first bytes, as container runtimes do: media types lie. */
function unpack(blob: Buffer): Buffer {
  if (blob[0] === 0x1f && blob[1] === 0x8b) return gunzipSync(blob, { maxOutputLength: 1024 ** 3 });
  if (blob.length > 4 && blob.readUInt32LE(0) === 0xfd2fb528) return zstdDecompressSync(blob);
  return blob;
}

const pack = (archive: Buffer, mediaType: string): Buffer =>
  /gzip|diff\.tar$/.test(mediaType) ? gzipSync(archive, { level: 1 }) : archive;

function mutate(original: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let times = pick([1, 1, 1, 2, 6]); times > 0; times--) bytes = mutateOnce(bytes);
  return bytes;
}

const NUMBERS = ['77777777777', '00000000000', '-1', '\x80\x00\x00\x00\x00\x00\x00\x00\xff', '99999999999', '7'];

function mutateOnce(bytes: Buffer): Buffer {
  if (bytes.length < 2) return Buffer.from([below(256)]);
  const at = below(bytes.length);
  const block = Math.floor(at / 512) * 512;
  switch (below(7)) {
    case 0:
      bytes[at] = below(256);
      return bytes;
    case 1:
      bytes.fill(pick([0, 0xff, 0x30, 0x20]), at, Math.min(bytes.length, at + below(200)));
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(block, block + 512 * below(8)), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, block), bytes.subarray(block + 512)]);
    case 5: {
      // A field of a header, with its checksum made right: the reader gets further than to the checksum.
      const field = pick([0, 100, 124, 156, 157, 257, 345, 386, 482, 483] as const);
      bytes.write(pick(NUMBERS), Math.min(bytes.length - 1, block + field), 'latin1');
      return rightChecksum(bytes, block);
    }
    default:
      if (block + 157 < bytes.length) bytes[block + 156] = pick([...'01234567xgLKSDMNV\0'].map((c) => c.charCodeAt(0)));
      return rightChecksum(bytes, block);
  }
}

function rightChecksum(bytes: Buffer, block: number): Buffer {
  if (block + 512 > bytes.length) return bytes;
  bytes.fill(0x20, block + 148, block + 156);
  const sum = bytes.subarray(block, block + 512).reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, block + 148, 'latin1');
  return bytes;
}

function ownSamples(): Sample[] {
  const long = `${'d/'.repeat(100)}${'n'.repeat(90)}`;
  const image = buildImage([
    [osRelease('debian', '12'), dpkgStatus(['bash', '5.2'], ['zlib1g', '1.2.13']), apkDatabase(['musl', '1.2'])],
    [
      packageJson('app/node_modules/a', 'a', '1.0.0'),
      { path: long, content: 'x' },
      { path: `${long}2`, type: 'symlink', linkname: `${long}3`, longNames: 'gnu' },
      { path: 'etc/.wh.os-release', content: '' },
      { path: 'app/link', type: 'hardlink', linkname: 'app/node_modules/a/package.json' },
      { path: 'app/package-lock.json', content: '{"packages":{"node_modules/b":{"version":"1"}}}' },
    ],
  ]);
  const layers = image.layers.map(({ blob, descriptor }) => ({
    archive: blob,
    blob,
    mediaType: descriptor.mediaType,
  }));
  const packed = layers.map(({ archive }) => {
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    return { archive, blob: gzipSync(archive), mediaType };
  });
  return [
    { name: 'plain', layers },
    { name: 'packed', layers: packed },
  ];
}

/** A file of every kind that any cataloger looks for; packed or not by turns. */
const kindSamples = (): Sample[] =>
  ecosystemSamples.map(({ name, files }, i) => {
    const archive = tarArchive(files);
    const packed = i % 2 === 0;
    const mediaType = `application/vnd.oci.image.layer.v1.tar${packed ? '+gzip' : ''}`;
    return { name, layers: [{ files, archive, blob: packed ? gzipSync(archive) : archive, mediaType }] };
  });

function layoutSamples(folder: string): Sample[] {
  const images = openOciLayout(folder);
  return images.refs().flatMap((ref) =>
    images.images(ref).flatMap(({ layers }) => {
      if (layers.length === 0 || layers.some(({ size }) => size > MAX_ARCHIVE)) return [];
      const read = layers.map(({ digest, mediaType }) => {
        const blob = images.readBlob(digest);
        return { archive: unpack(blob), blob, mediaType };
      });
      const small = read.every(({ archive }) => archive.length <= MAX_ARCHIVE);
      return small ? [{ name: join(ref), layers: read }] : [];
    }),
  );
}

const samples: readonly Sample[] = [
  ...ownSamples(),
  ...kindSamples(),
  ...(layout && existsSync(layout) ? layoutSamples(layout) : []),
];
const outcomes = new Map<string, number>();
const failures: string[] = [];
for (let run = 0; run < runs && failures.length < 20; run++) {
  const sample = pick(samples);
  const how = pick(['file', 'archive', 'blob', 'transfer'] as const);
  const outcome = await readMutated(sample, how).catch((error: unknown) => {
    failures.push(`run ${run}, ${sample.name}, ${how}: ${error instanceof Error ? error.stack : String(error)}`);
    return 'failed';
  });
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}
const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify({ runs, outcomes: Object.fromEntries(outcomes), failures, peakMiB }));
