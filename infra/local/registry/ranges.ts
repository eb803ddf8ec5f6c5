export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** Over the safe integers any position is beyond any blob; the exact value stops to matter. */
const position = (digits: string): number => Math.min(Number(digits), Number.MAX_SAFE_INTEGER);

/**
 * Reads a `Range` request header against content of `size` bytes (RFC 9110, section 14.1.2).
 *
 * `ignored`: another unit, several ranges or no valid syntax; the whole content is the answer. `unsatisfiable`: 416;
 * it includes `500-0`, which the RFC calls invalid and the OCI conformance suite wants refused.
 */
export function parseByteRange(header: string | undefined, size: number): ByteRange | 'ignored' | 'unsatisfiable' {
  if (header === undefined) return 'ignored';
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (!match) return 'ignored';
  const [first, last] = [match[1] as string, match[2] as string];
  if (first === '' && last === '') return 'ignored';
  if (first === '') {
    const length = Math.min(position(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = position(first);
  const end = last === '' ? size - 1 : Math.min(position(last), size - 1);
  if (start >= size || end < start) return 'unsatisfiable';
  return { start, end };
}

/** Reads `Content-Range` of a chunk: `start-end`, inclusive (distribution-spec 1.1, "Pushing a blob in chunks"). */
export function parseContentRange(header: string): ByteRange | undefined {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(header.trim());
  if (!match) return undefined;
  const [start, end] = [Number(match[1]), Number(match[2])];
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || end < start) return undefined;
  return { start, end };
}

/** The `Range` of an upload's status. An upload without a byte says `0-0`, as the reference implementation does. */
export const uploadRange = (offset: number): string => `0-${Math.max(0, offset - 1)}`;
