import { S3Error } from './errors.ts';

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` header against a size (RFC 9110 section 14.2). `undefined` means the whole object: for a header that is
 * no byte range, and for several ranges, which S3 does not serve.
 *
 * @throws S3Error `InvalidRange` (416) when no byte of it is there
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header.trim());
  if (!match) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    if (length === 0) throw unsatisfiable(header ?? '', size);
    return { start: size - length, end: size };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= size) throw unsatisfiable(header ?? '', size);
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) };
}

const unsatisfiable = (header: string, size: number): S3Error =>
  new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
    details: { RangeRequested: header, ActualObjectSize: String(size) },
    headers: { 'content-range': `bytes */${size}` },
  });
