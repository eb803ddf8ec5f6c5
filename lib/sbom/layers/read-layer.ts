import { createDigester, digestAlgorithm } from '../../core/digest.ts';
import { isLadingError, LimitExceededError } from '../../core/errors.ts';
import { decompress } from '../../formats/compression/index.ts';
import { type TarHandler, TarReader } from '../../formats/tar/index.ts';
import type { FileKind } from '../catalogers/cataloger.ts';
import { createHeadMatcher, createKindMatcher } from '../catalogers/match-kind.ts';
import { kindVersions } from './inventory.ts';
import { LayerVisitor } from './layer-visitor.ts';
import type { LayerLimits } from './limits.ts';
import { readLinkedContents } from './read-linked-contents.ts';
import type { ArchivePass, FailedPass, LayerExpectation, LayerReading } from './reading.ts';
import { type VerifiedSource, verifySource } from './verified-source.ts';

export interface ReadLayerOptions {
  readonly kinds: readonly FileKind[];
  readonly limits: LayerLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a layer in one pass: hashes every byte of blob and archive, unpacks it, and keeps what its files of interest say.
 * A layer that is damaged, not what its digests say, or over a cap is an outcome and no error; only the source's own
 * errors are thrown. `open` is called again in the rare case that a file of interest is a hard link to another file.
 */
export async function readLayer(
  expected: LayerExpectation,
  open: () => AsyncIterable<Uint8Array>,
  options: ReadLayerOptions,
): Promise<LayerReading> {
  const { kinds, limits } = options;
  if (expected.size > limits.maxPackedBytes) return limitOutcome('packed-bytes', limits.maxPackedBytes);
  const matchers = { path: createKindMatcher(kinds), head: createHeadMatcher(kinds) };
  const visitor = new LayerVisitor(matchers, limits);
  const pass = await readArchive(expected, open(), visitor, options);
  if (pass.status !== 'archive') return pass;
  const { wantedLinks, ...findings } = visitor.findings();
  const linked = await readLinkedContents(wantedLinks, findings.tree, (handler) =>
    readArchive(expected, open(), handler, options),
  );
  if (linked.status !== 'linked') return linked;
  return {
    status: 'read',
    inventory: {
      schemaVersion: 1,
      kinds: kindVersions(kinds),
      digest: expected.digest,
      diffId: pass.diffId,
      compression: pass.compression,
      size: expected.size,
      unpackedBytes: pass.unpackedBytes,
      entries: pass.summary.entries,
      contentBytes: pass.summary.contentBytes,
      ...findings,
      contents: [...findings.contents, ...linked.contents].sort((a, b) => a.entry - b.entry),
      gaps: [...findings.gaps, ...linked.gaps],
    },
  };
}

export interface WalkOptions {
  readonly limits: LayerLimits;
  readonly signal?: AbortSignal | undefined;
  /** Sees the unpacked archive pass by; a chunk is good until the answer is there. */
  readonly onUnpacked?: ((chunk: Uint8Array) => void | Promise<void>) | undefined;
}

/** One pass over the blob: everything is checked, and the entries go to `handler`. */
export async function readArchive(
  expected: LayerExpectation,
  blob: AsyncIterable<Uint8Array>,
  handler: TarHandler,
  { limits, signal, onUnpacked }: WalkOptions,
): Promise<ArchivePass | FailedPass> {
  const source = verifySource(blob, expected, signal);
  try {
    const pass = await unpack(expected, source, handler, { limits, signal, onUnpacked }).catch((error) => {
      const failure = failureOf(error, signal);
      // A layer that cannot be read may have been damaged on the way: its digest tells.
      if (failure?.status === 'unreadable') return failure;
      throw error;
    });
    const check = await source.finish();
    if (check.status === 'differs') return mismatch(check.what, check.expected, check.actual);
    const diffId = await expected.diffId;
    if (pass.status === 'archive' && diffId !== undefined && pass.diffId !== diffId) {
      return mismatch('diff-id', diffId, pass.diffId);
    }
    return pass;
  } catch (error) {
    source.abandon();
    const failure = failureOf(error, signal);
    if (failure) return failure;
    throw error;
  }
}

async function unpack(
  expected: LayerExpectation,
  source: VerifiedSource,
  handler: TarHandler,
  { limits, signal, onUnpacked }: WalkOptions,
): Promise<ArchivePass | FailedPass> {
  let digester: ReturnType<typeof createDigester> | undefined;
  // Container runtimes are written in Go, whose reader does not apply global headers.
  const reader = new TarReader(handler, { limits: tarLimits(limits), globalHeaders: 'skip' });
  let compression: ArchivePass['compression'] = 'none';
  let unpackedBytes = 0;
  const chunks = decompress(source, {
    maxWindowLog: limits.maxZstdWindowLog,
    onCompression: (seen) => {
      if (seen === 'gzip' || seen === 'zstd') compression = seen;
    },
  });
  for await (const chunk of chunks) {
    try {
      digester ??= await diffIdDigester(expected);
      signal?.throwIfAborted();
      unpackedBytes += chunk.length;
      checkUnpacked(unpackedBytes, expected.size, limits);
      digester.update(chunk);
      reader.feed(chunk);
      if (onUnpacked) await onUnpacked(chunk);
    } catch (error) {
      // Leaving the loop waits for the reading side, which a stalled source would hold up for ever.
      if (failureOf(error, signal)?.status !== 'unreadable') source.abandon();
      throw error;
    }
  }
  const summary = reader.end();
  const diffId = (digester ?? (await diffIdDigester(expected))).digest();
  return { status: 'archive', summary, diffId, compression, unpackedBytes };
}

async function diffIdDigester({ diffId }: LayerExpectation): Promise<ReturnType<typeof createDigester>> {
  const promised = await diffId;
  return createDigester(promised === undefined ? 'sha256' : digestAlgorithm(promised));
}

const UNREADABLE: ReadonlySet<string> = new Set([
  'tar-malformed',
  'compression-malformed',
  'compression-unsupported',
  // A source may check the blob, too.
  'digest-mismatch',
  'size-mismatch',
]);

/** Undefined for errors that are not about the layer: those of the source, and the caller's own abort. */
export function failureOf(error: unknown, signal: AbortSignal | undefined): FailedPass | undefined {
  if (error instanceof LimitExceededError)
    return { status: 'limit-exceeded', limit: error.limit, message: error.message };
  // `AbortSignal.timeout` aborts with an error of this name.
  if (signal?.aborted && error instanceof Error && error.name === 'TimeoutError') {
    return { status: 'limit-exceeded', limit: 'time', message: 'reading the layer took too long' };
  }
  if (!isLadingError(error) || !UNREADABLE.has(error.code)) return undefined;
  return { status: 'unreadable', code: error.code, message: error.message };
}

function checkUnpacked(unpacked: number, packed: number, limits: LayerLimits): void {
  if (unpacked > limits.maxUnpackedBytes) {
    throw new LimitExceededError('unpacked-bytes', `the layer unpacks to over ${limits.maxUnpackedBytes} bytes`);
  }
  if (unpacked > limits.ratioFloorBytes && unpacked > packed * limits.maxRatio) {
    throw new LimitExceededError('ratio', `the layer unpacks to over ${limits.maxRatio} times its size`);
  }
}

const tarLimits = (limits: LayerLimits) => ({
  maxEntries: limits.maxEntries,
  maxPathBytes: limits.maxPathBytes,
  maxContentBytes: limits.maxUnpackedBytes,
});

export const limitOutcome = (limit: string, cap: number): LayerReading => ({
  status: 'limit-exceeded',
  limit,
  message: `the layer is over the cap of ${cap} bytes (${limit})`,
});

export const mismatch = (what: string, expected: string, actual: string): FailedPass => ({
  status: 'unreadable',
  code: `${what}-mismatch`,
  message: `the layer's ${what} is ${actual}, not ${expected}`,
});
