import { createDigester, type Digest, digestAlgorithm } from '../core/digest.ts';
import { LimitExceededError } from '../core/errors.ts';
import { registryError } from './errors.ts';
import type { BlobContent, ContentUse } from './ports.ts';

/**
 * Passes a stream through and hashes it: throws `size-mismatch` at the first byte over `size` or at a short end, and
 * `digest-mismatch` after the last byte. The consumer must not act on the content before the iteration ended.
 *
 * @param expected.size bytes; not checked when absent
 * @throws LadingError `digest-mismatch`, `size-mismatch`
 */
export async function* verifyContent(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: { readonly digest: Digest; readonly size?: number | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  const { digest, size } = expected;
  const digester = createDigester(digestAlgorithm(digest));
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.length;
    if (size !== undefined && seen > size) throw sizeMismatch(digest, `more than the ${size} bytes promised`);
    digester.update(chunk);
    yield chunk;
  }
  if (size !== undefined && seen !== size) throw sizeMismatch(digest, `${seen} bytes, not the ${size} promised`);
  const actual = digester.digest();
  if (actual !== digest) throw registryError('digest-mismatch', `the content of ${digest} has the digest ${actual}`);
}

const sizeMismatch = (digest: Digest, what: string) =>
  registryError('size-mismatch', `the content of ${digest} has ${what}`);

interface Promised {
  readonly digest: Digest;
  readonly size?: number | undefined;
}

/** What content is known to be checked against while it is read, so that whoever passes it on need not hash it again. */
const checked = new WeakMap<object, Promised>();

/** Says that iterating the content throws where it is not of this digest and size. Only for what goes through `verifyContent`. */
export function markChecked<Content extends AsyncIterable<Uint8Array>>(content: Content, promised: Promised): Content {
  checked.set(content, promised);
  return content;
}

/** The content with its check: its own where it has one for the same digest and size, else that of `verifyContent`. */
export function checkContent(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  expected: { readonly digest: Digest; readonly size: number },
): AsyncIterable<Uint8Array> {
  const known = checked.get(content);
  const isSame = known?.digest === expected.digest && known.size === expected.size;
  return isSame && Symbol.asyncIterator in content ? content : verifyContent(content, expected);
}

/** Passes content on and tells of each piece, which may take its time; it stays checked if it was. */
export function tapContent(
  content: AsyncIterable<Uint8Array>,
  tell: (piece: Uint8Array) => void | Promise<void>,
): AsyncIterable<Uint8Array> {
  const tapped = {
    async *[Symbol.asyncIterator]() {
      for await (const piece of content) {
        const told = tell(piece);
        if (told) await told;
        yield piece;
      }
    },
  };
  const known = checked.get(content);
  return known === undefined ? tapped : markChecked(tapped, known);
}

/**
 * Collects a stream of at most `limit` bytes.
 *
 * @throws LimitExceededError when there is more
 */
export async function collectContent(
  source: AsyncIterable<Uint8Array>,
  limit: number,
  what = 'the content',
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > limit) throw new LimitExceededError('content-bytes', `${what} is over ${limit} bytes`);
    chunks.push(chunk);
  }
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  return Buffer.concat(chunks, size);
}

/** The bytes of a blob's content, for one attempt to send them. */
export function openContent(
  content: BlobContent,
  use: ContentUse = {},
): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (content instanceof Uint8Array) return [content];
  return typeof content === 'function' ? content(use) : content;
}
