import { RpmDatabaseError } from './errors.ts';

// lib/backend/ndb/rpmpkg.c of rpm; all numbers are little-endian, the magics are the letters named.
const HEADER_MAGIC = 0x506d7052; // RpmP
const SLOT_MAGIC = 0x746f6c53; // Slot
const BLOB_MAGIC = 0x53626c42; // BlbS
const PAGE_BYTES = 4096;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOB_HEAD_BYTES = 16;

export const isNdb = (file: Buffer): boolean => file.length >= 32 && file.readUInt32LE(0) === HEADER_MAGIC;

/**
 * The package headers of an ndb database (`Packages.db`), as SUSE uses it: pages of slots, each with the place of one blob.
 *
 * @throws RpmDatabaseError where it is damaged
 */
export function* ndbBlobs(file: Buffer): Generator<Buffer> {
  const version = file.readUInt32LE(4);
  if (version !== 0) throw new RpmDatabaseError(`version ${version} of ndb is not known`);
  const end = file.readUInt32LE(12) * PAGE_BYTES;
  if (end > file.length) throw new RpmDatabaseError('the table of slots is cut off');
  let bytes = 0;
  // The header takes the place of the first two slots.
  for (let at = 2 * SLOT_BYTES; at < end; at += SLOT_BYTES) {
    if (file.readUInt32LE(at) !== SLOT_MAGIC) throw new RpmDatabaseError('a slot is damaged');
    const index = file.readUInt32LE(at + 4);
    if (index === 0) continue;
    const blob = blobAt(file, file.readUInt32LE(at + 8) * BLOCK_BYTES, index);
    bytes += blob.length;
    // Blobs never overlap, so slots that name the same one again and again only cost time.
    if (bytes > file.length) throw new RpmDatabaseError('its blobs overlap');
    yield blob;
  }
}

function blobAt(file: Buffer, at: number, index: number): Buffer {
  const start = at + BLOB_HEAD_BYTES;
  if (start > file.length || file.readUInt32LE(at) !== BLOB_MAGIC || file.readUInt32LE(at + 4) !== index) {
    throw new RpmDatabaseError(`the blob of package ${index} is damaged`);
  }
  const length = file.readUInt32LE(at + 12);
  if (start + length > file.length) throw new RpmDatabaseError(`the blob of package ${index} is cut off`);
  return file.subarray(start, start + length);
}
