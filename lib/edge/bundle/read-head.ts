import type { Digest } from '../../core/digest.ts';
import { LimitExceededError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { tarFileHeader, tarPadding } from '../../formats/tar/index.ts';
import { CONTENTS_FILE, DESIRED_FILE, INDEX_FILE, LAYOUT_FILE, partHeader } from './lay-out-bundle.ts';
import { type BundleContents, type BundlePart, bundleError, contentsSchema } from './model.ts';
import type { BundleBytes } from './ports.ts';

const BLOCK = 512;
/** The largest desired state is well below; contents have some 150 bytes for each part. */
const MAX_FILE_BYTES = 160 * 1024 * 1024;

export interface BundleHead {
  readonly contents: BundleContents;
  /** As it was signed; `undefined` in a bundle of images that somebody named. */
  readonly desired: Uint8Array | undefined;
  /** Where the first part begins. */
  readonly end: number;
}

/**
 * Reads what comes before the parts. The archive must be written exactly as ours are, header by header: what could hide
 * something (links, paths that lead out, lengths that lie, entries twice) has no room in it.
 *
 * @throws LadingError `bundle-invalid`, `bundle-truncated`; LimitExceededError
 */
export async function readHead(bytes: BundleBytes): Promise<BundleHead> {
  const cursor = { at: 0 };
  await readFile(bytes, cursor, [LAYOUT_FILE]);
  const first = await readFile(bytes, cursor, [DESIRED_FILE, CONTENTS_FILE]);
  const contents = first.path === CONTENTS_FILE ? first : await readFile(bytes, cursor, [CONTENTS_FILE]);
  await readFile(bytes, cursor, [INDEX_FILE]);
  const parsed = contentsSchema.safeParse(readContents(contents.bytes));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw bundleError(
      'bundle-invalid',
      `its list of contents cannot be read: ${issue?.path.join('.')}: ${issue?.message}`,
    );
  }
  checkParts(parsed.data.parts);
  return { contents: parsed.data, desired: first.path === DESIRED_FILE ? first.bytes : undefined, end: cursor.at };
}

function readContents(bytes: Uint8Array): unknown {
  try {
    return parseJsonStrict(bytes, { maxDepth: 8, maxBytes: MAX_FILE_BYTES, what: CONTENTS_FILE });
  } catch (cause) {
    throw bundleError('bundle-invalid', 'its list of contents is no JSON', { cause });
  }
}

function checkParts(parts: readonly BundlePart[]): void {
  const seen = new Set<Digest>();
  let total = 0;
  for (const { digest, size } of parts) {
    if (seen.has(digest)) throw bundleError('bundle-invalid', `its list of contents names ${digest} twice`);
    seen.add(digest);
    total += size;
  }
  if (!Number.isSafeInteger(total))
    throw bundleError('bundle-invalid', 'its list of contents has sizes that cannot be');
}

async function readFile<Path extends string>(
  bytes: BundleBytes,
  cursor: { at: number },
  expected: readonly Path[],
): Promise<{ readonly path: Path; readonly bytes: Buffer }> {
  const header = await collect(bytes, cursor.at, BLOCK);
  const { name, size } = describe(header);
  const path = expected.find((one) => header.equals(tarFileHeader(one, size)));
  if (path === undefined) throw unexpected(cursor.at, name, expected.join(' or '));
  if (size > MAX_FILE_BYTES)
    throw new LimitExceededError('bundle-head-bytes', `${path} of the bundle has ${size} bytes`);
  const content = await collect(bytes, cursor.at + BLOCK, size);
  await checkZeros(bytes, cursor.at + BLOCK + size, tarPadding(size));
  cursor.at += BLOCK + size + tarPadding(size);
  return { path, bytes: content };
}

/** Checks the header of a part. @returns where its content begins */
export async function readPartHeader(bytes: BundleBytes, at: number, part: BundlePart): Promise<number> {
  const expected = partHeader(part);
  const header = await collect(bytes, at, expected.length);
  if (!header.equals(expected)) throw unexpected(at, describe(header).name, part.digest);
  return at + expected.length;
}

/** @throws LadingError where these bytes are anything but zeros */
export async function checkZeros(bytes: BundleBytes, at: number, length: number): Promise<void> {
  const found = await collect(bytes, at, length);
  if (found.some((byte) => byte !== 0)) {
    throw bundleError('bundle-damaged', `bytes stand between two entries of the archive, at ${at}`);
  }
}

export async function collect(bytes: BundleBytes, start: number, length: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  if (length > 0) for await (const piece of bytes.read(start, length)) parts.push(Buffer.from(piece));
  return Buffer.concat(parts);
}

/** Only for words, and for the size that a header of ours would have. */
function describe(header: Buffer): { readonly name: string; readonly size: number } {
  const field = header.subarray(0, 100);
  const end = field.indexOf(0);
  const name = field.subarray(0, end < 0 ? 100 : end).toString('utf8');
  const digits = header.subarray(124, 135).toString('latin1');
  return { name, size: /^[0-7]{11}$/.test(digits) ? Number.parseInt(digits, 8) : 0 };
}

const unexpected = (at: number, name: string, expected: string) =>
  bundleError(
    'bundle-invalid',
    `at byte ${at} of the archive should be the entry of ${expected}, and there is ${JSON.stringify(name)}`,
    { hint: 'a bundle is imported as "lading edge export" wrote it: an archive that was packed anew is refused' },
  );
