import { createHeadMatcher, createKindMatcher } from '../catalogers/match-kind.ts';
import { kindVersions } from './inventory.ts';
import { LayerVisitor } from './layer-visitor.ts';
import { failureOf, limitOutcome, mismatch, type ReadLayerOptions } from './read-layer.ts';
import type { LayerExpectation, LayerReading } from './reading.ts';
import { verifySource } from './verified-source.ts';

/**
 * Reads a blob that is a file by itself, as artifacts that are no images have them (a model's weights, a WebAssembly
 * component), as a layer with that one file. Every byte is hashed; what is kept is what a reader of its kind asks for.
 *
 * @param path what the artifact calls the file
 */
export async function readBlob(
  expected: Pick<LayerExpectation, 'digest' | 'size'>,
  path: string,
  open: () => AsyncIterable<Uint8Array>,
  { kinds, limits, signal }: ReadLayerOptions,
): Promise<LayerReading> {
  const { digest, size } = expected;
  if (size > limits.maxPackedBytes) return limitOutcome('packed-bytes', limits.maxPackedBytes);
  const matchers = { path: createKindMatcher(kinds), head: createHeadMatcher(kinds) };
  const visitor = new LayerVisitor(matchers, limits);
  const source = verifySource(open(), expected, signal);
  try {
    const sink = visitor.entry({ path, type: 'file', linkname: '', size, mode: 0, sparse: false, offset: 0 });
    for await (const chunk of source) sink?.write(chunk);
    // A blob that broke off is judged by its digest, and what was read of it is not.
    const check = await source.finish();
    if (check.status === 'differs') return mismatch(check.what, check.expected, check.actual);
    sink?.end();
  } catch (error) {
    source.abandon();
    const failure = failureOf(error, signal);
    if (failure) return failure;
    throw error;
  }
  const { wantedLinks: _none, ...findings } = visitor.findings();
  return {
    status: 'read',
    inventory: {
      schemaVersion: 1,
      kinds: kindVersions(kinds),
      digest,
      diffId: digest,
      compression: 'none',
      size,
      unpackedBytes: size,
      entries: 1,
      contentBytes: size,
      ...findings,
    },
  };
}
