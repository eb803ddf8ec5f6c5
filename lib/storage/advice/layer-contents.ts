import { createHash } from 'node:crypto';
import { constants, createZstdCompress } from 'node:zlib';
import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { normalizePath, type TarEntry, type TarHandler, type TarSink } from '../../formats/tar/index.ts';
import { defaultLayerLimits, type LayerExpectation, type LayerLimits, readArchive } from '../../sbom/index.ts';

/** What one pass over a layer finds beyond its inventory: what is in each file, and what zstd would make of it. */
export const layerContentsSchema = z.object({
  schemaVersion: z.literal(1),
  digest: z.custom<Digest>(isDigest),
  /** Files of at least `MIN_BYTES`, in the order of the archive; the last of a name is the one that counts. */
  files: z.array(z.object({ path: z.string(), bytes: z.int().nonnegative(), sha256: z.string().length(43) })),
  /** Digest over all files' names, kinds, modes and contents in the order of their names: times and order do not count. */
  content: z.string().length(43),
  /** Absent where it was not asked for. */
  zstd: z
    .object({
      level: z.int(),
      /** Bytes of the archive that were compressed, and to how many. */
      unpacked: z.int().nonnegative(),
      packed: z.int().nonnegative(),
      /** Whether that was all of the archive, or its beginning. */
      whole: z.boolean(),
    })
    .optional(),
});
export type LayerContents = Readonly<z.infer<typeof layerContentsSchema>>;

/** Smaller files are in many layers by nature (licences, empty markers) and save nothing. */
export const MIN_BYTES = 4096;

export interface ContentsOptions {
  /** Measures what zstd of this level would make of the archive. */
  readonly zstdLevel?: number | undefined;
  /** Bytes of the archive that are compressed at most, from its beginning. */
  readonly sampleBytes?: number | undefined;
  readonly limits?: Partial<LayerLimits> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ContentsReading =
  | { readonly status: 'read'; readonly contents: LayerContents }
  | { readonly status: 'limit-exceeded' | 'unreadable'; readonly message: string };

/** Reads a layer in one pass, with every byte of it hashed, under the caps of inventories. */
export async function readContents(
  expected: LayerExpectation,
  blob: AsyncIterable<Uint8Array>,
  options: ContentsOptions = {},
): Promise<ContentsReading> {
  const limits = { ...defaultLayerLimits, ...options.limits };
  if (expected.size > limits.maxPackedBytes) {
    return { status: 'limit-exceeded', message: `the layer is over the cap of ${limits.maxPackedBytes} bytes` };
  }
  const visitor = new ContentsVisitor();
  const zstd = options.zstdLevel === undefined ? undefined : new Measurement(options.zstdLevel, options.sampleBytes);
  const pass = await readArchive(expected, blob, visitor, {
    limits,
    signal: options.signal,
    onUnpacked: zstd && ((chunk) => zstd.write(chunk)),
  });
  if (pass.status !== 'archive') {
    await zstd?.abandon();
    return { status: pass.status, message: pass.message };
  }
  return {
    status: 'read',
    contents: {
      schemaVersion: 1,
      digest: expected.digest,
      ...visitor.findings(),
      ...(zstd ? { zstd: await zstd.end() } : {}),
    },
  };
}

class ContentsVisitor implements TarHandler {
  readonly #files = new Map<string, { bytes: number; sha256: string }>();
  readonly #lines = new Map<string, string>();

  entry(entry: TarEntry): TarSink | undefined {
    const { path } = normalizePath(entry.path);
    if (path === '') return undefined;
    const about = `${entry.type} ${entry.mode.toString(8)}`;
    if (entry.type !== 'file') {
      this.#lines.set(path, `${about} ${entry.linkname}`);
      this.#files.delete(path);
      return undefined;
    }
    const hash = createHash('sha256');
    return {
      write: (chunk) => void hash.update(chunk),
      end: () => {
        const sha256 = hash.digest('base64url');
        this.#lines.set(path, `${about} ${sha256}`);
        if (entry.size >= MIN_BYTES) this.#files.set(path, { bytes: entry.size, sha256 });
        else this.#files.delete(path);
      },
    };
  }

  findings(): Pick<LayerContents, 'files' | 'content'> {
    const hash = createHash('sha256');
    for (const path of [...this.#lines.keys()].sort()) hash.update(`${path}\0${this.#lines.get(path)}\n`);
    return {
      files: [...this.#files].map(([path, file]) => ({ path, ...file })),
      content: hash.digest('base64url'),
    };
  }
}

/** Compresses what passes by and counts what comes out; nothing is kept. */
class Measurement {
  readonly #level: number;
  readonly #most: number;
  readonly #stream: ReturnType<typeof createZstdCompress>;
  readonly #done: Promise<void>;
  #unpacked = 0;
  #packed = 0;
  #whole = true;

  constructor(level: number, most = Number.POSITIVE_INFINITY) {
    this.#level = level;
    this.#most = most;
    this.#stream = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
    this.#stream.on('data', (chunk: Uint8Array) => {
      this.#packed += chunk.length;
    });
    this.#done = new Promise((resolve, reject) => {
      this.#stream.once('end', resolve);
      this.#stream.once('error', reject);
    });
    this.#done.catch(() => undefined);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const rest = this.#most - this.#unpacked;
    if (chunk.length > rest) this.#whole = false;
    if (rest <= 0) return;
    // The chunk's memory is used again once this answers, and the compressor may look at it later.
    const part = Buffer.from(chunk.subarray(0, rest));
    this.#unpacked += part.length;
    if (this.#stream.write(part)) return;
    await new Promise<void>((resolve) => this.#stream.once('drain', resolve));
  }

  async end(): Promise<NonNullable<LayerContents['zstd']>> {
    this.#stream.end();
    await this.#done;
    return { level: this.#level, unpacked: this.#unpacked, packed: this.#packed, whole: this.#whole };
  }

  async abandon(): Promise<void> {
    this.#stream.destroy();
  }
}
