import { createHash } from 'node:crypto';
import { readBody } from '../service.ts';
import type { BlobStore } from './blobs.ts';
import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm, createChecksum, isChecksumAlgorithm } from './checksums.ts';
import { decodeChunked } from './chunked.ts';
import { notImplemented, S3Error } from './errors.ts';
import type { Segment } from './model.ts';

type Headers = ReadonlyMap<string, string>;

/** A single upload, object or part, is at most 5 GiB (S3 User Guide, "Amazon S3 multipart upload limits"). */
const MAX_UPLOAD = 5 * 1024 ** 3;

const CHECKSUM_HEADER = 'x-amz-checksum-';

/** Bytes that arrived whole, are on the disk, and have every checksum that was promised for them. */
export interface Received {
  readonly segment: Segment;
  /** Hex. */
  readonly md5: string;
  /** Base64 by algorithm: those that were promised, or else the one that S3 adds by itself. */
  readonly checksums: Readonly<Record<string, string>>;
}

/**
 * Takes an upload in; `algorithm` is computed besides what was promised.
 *
 * @throws S3Error `BadDigest`, `InvalidDigest`, `XAmzContentSHA256Mismatch`, `IncompleteBody`, `EntityTooLarge`
 */
export async function receive(
  body: AsyncIterable<Uint8Array>,
  headers: Headers,
  blobs: BlobStore,
  algorithm?: ChecksumAlgorithm,
): Promise<Received> {
  const content = contentOf(body, headers);
  const promised = promisedChecksums(headers);
  const names = new Set([...promised.keys(), ...(algorithm === undefined ? [] : [algorithm])]);
  if (names.size === 0) names.add(requested(headers) ?? 'crc64nvme');
  const sums = [...names].map((name) => ({ name, checksum: createChecksum(name) }));
  const md5 = createHash('md5');
  const sha256 = signedSha256(headers) === undefined ? undefined : createHash('sha256');

  const segment = await blobs.write(content.data, MAX_UPLOAD, (chunk) => {
    md5.update(chunk);
    sha256?.update(chunk);
    for (const { checksum } of sums) checksum.update(chunk);
  });
  try {
    assertLength(headers, segment.size);
    const digest = md5.digest();
    assertMd5(headers, digest);
    if (sha256 && sha256.digest('hex') !== signedSha256(headers)) throw sha256Mismatch();
    const checksums: Record<string, string> = {};
    for (const { name, checksum } of sums) {
      const value = checksum.value();
      const expected =
        promised.get(name) === TRAILER ? content.trailers.get(CHECKSUM_HEADER + name) : promised.get(name);
      if (promised.has(name) && expected !== value) throw badChecksum(name, expected);
      checksums[name] = value;
    }
    return { segment, md5: digest.toString('hex'), checksums };
  } catch (error) {
    await blobs.discard(segment);
    throw error;
  }
}

/** A small request document, checked like an upload. */
export async function receiveDocument(
  body: AsyncIterable<Uint8Array>,
  headers: Headers,
  limit: number,
): Promise<Uint8Array> {
  const content = contentOf(body, headers);
  let bytes: Uint8Array;
  try {
    bytes = await readBody(content.data, limit);
  } catch (error) {
    if (error instanceof RangeError) throw new S3Error(400, 'MaxMessageLengthExceeded', 'Your request was too large.');
    throw error;
  }
  assertMd5(headers, createHash('md5').update(bytes).digest());
  const signed = signedSha256(headers);
  if (signed !== undefined && createHash('sha256').update(bytes).digest('hex') !== signed) throw sha256Mismatch();
  for (const [name, promised] of promisedChecksums(headers)) {
    const checksum = createChecksum(name);
    checksum.update(bytes);
    const expected = promised === TRAILER ? content.trailers.get(CHECKSUM_HEADER + name) : promised;
    if (checksum.value() !== expected) throw badChecksum(name, expected);
  }
  return bytes;
}

interface Content {
  readonly data: AsyncIterable<Uint8Array>;
  readonly trailers: ReadonlyMap<string, string>;
}

function contentOf(body: AsyncIterable<Uint8Array>, headers: Headers): Content {
  const isChunked =
    headers.get('x-amz-content-sha256')?.startsWith('STREAMING-') === true ||
    /(?:^|,)\s*aws-chunked\s*(?:,|$)/.test(headers.get('content-encoding') ?? '');
  return isChunked ? decodeChunked(body) : { data: body, trailers: new Map() };
}

/** Stands in for a checksum that comes behind the body. */
const TRAILER = Symbol('trailer');

function promisedChecksums(headers: Headers): ReadonlyMap<ChecksumAlgorithm, string | typeof TRAILER> {
  const promised = new Map<ChecksumAlgorithm, string | typeof TRAILER>();
  for (const [name, value] of headers) {
    if (!name.startsWith(CHECKSUM_HEADER)) continue;
    const algorithm = name.slice(CHECKSUM_HEADER.length);
    if (isChecksumAlgorithm(algorithm)) promised.set(algorithm, value);
    else if (!['type', 'algorithm', 'mode'].includes(algorithm))
      throw notImplemented(`the header ${name.slice(0, 60)}`);
  }
  for (const trailer of (headers.get('x-amz-trailer') ?? '').split(',')) {
    const name = trailer.trim().toLowerCase();
    if (!name.startsWith(CHECKSUM_HEADER)) continue;
    const algorithm = name.slice(CHECKSUM_HEADER.length);
    if (!isChecksumAlgorithm(algorithm)) throw notImplemented(`the trailer ${name.slice(0, 60)}`);
    promised.set(algorithm, TRAILER);
  }
  return promised;
}

function requested(headers: Headers): ChecksumAlgorithm | undefined {
  return readAlgorithm(headers.get('x-amz-sdk-checksum-algorithm'));
}

/** @throws S3Error `NotImplemented` for an algorithm that is not computed here */
export function readAlgorithm(name: string | undefined): ChecksumAlgorithm | undefined {
  if (name === undefined) return undefined;
  const algorithm = name.toLowerCase();
  if (!isChecksumAlgorithm(algorithm)) {
    throw notImplemented(`the checksum "${name.slice(0, 40)}" (known: ${CHECKSUM_ALGORITHMS.join(', ')})`);
  }
  return algorithm;
}

function assertLength(headers: Headers, size: number): void {
  const declared = headers.get('x-amz-decoded-content-length');
  if (declared !== undefined && declared !== String(size)) {
    throw new S3Error(
      400,
      'IncompleteBody',
      'You did not provide the number of bytes specified by the Content-Length HTTP header',
    );
  }
}

function assertMd5(headers: Headers, digest: Buffer): void {
  const given = headers.get('content-md5');
  if (given === undefined) return;
  if (!/^[A-Za-z0-9+/]{22}==$/.test(given)) {
    throw new S3Error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.');
  }
  if (given !== digest.toString('base64')) {
    throw new S3Error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
      details: { ExpectedDigest: given, CalculatedDigest: digest.toString('base64') },
    });
  }
}

/** The hash of the body that the signature covers, where it covers one. */
function signedSha256(headers: Headers): string | undefined {
  const given = headers.get('x-amz-content-sha256');
  return given !== undefined && /^[0-9a-f]{64}$/.test(given) ? given : undefined;
}

const sha256Mismatch = (): S3Error =>
  new S3Error(
    400,
    'XAmzContentSHA256Mismatch',
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  );

function badChecksum(name: ChecksumAlgorithm, expected: string | typeof TRAILER | undefined): S3Error {
  return expected === undefined
    ? new S3Error(400, 'MalformedTrailerError', `The trailer ${CHECKSUM_HEADER}${name} was announced and did not come.`)
    : new S3Error(400, 'BadDigest', `The ${name.toUpperCase()} you specified did not match the calculated checksum.`);
}
