import { sqliteFile } from '../sqlite/sqlite-builder.ts';

export interface HeaderInput {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch?: number;
  readonly arch?: string;
  readonly sourceRpm?: string;
  readonly license?: string;
  readonly provides?: readonly string[];
  readonly requires?: readonly string[];
  /** Bytes of a tag that nobody asks for, so that headers have any size. */
  readonly padding?: number;
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`);

/** A header as rpm keeps it in its database. */
export function rpmHeader(input: HeaderInput): Buffer {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  const add = (tag: number, type: number, count: number, bytes: Buffer): void => {
    const entry = Buffer.alloc(16);
    entry.writeInt32BE(tag, 0);
    entry.writeUInt32BE(type, 4);
    entry.writeInt32BE(offset, 8);
    entry.writeUInt32BE(count, 12);
    index.push(entry);
    data.push(bytes);
    offset += bytes.length;
  };
  const epoch = Buffer.alloc(4);
  epoch.writeUInt32BE(input.epoch ?? 0);
  if (input.epoch !== undefined) add(1003, 4, 1, epoch);
  add(1000, 6, 1, text(input.name));
  add(1001, 6, 1, text(input.version));
  add(1002, 6, 1, text(input.release));
  if (input.license !== undefined) add(1014, 6, 1, text(input.license));
  if (input.arch !== undefined) add(1022, 6, 1, text(input.arch));
  if (input.sourceRpm !== undefined) add(1044, 6, 1, text(input.sourceRpm));
  for (const [tag, names] of [
    [1047, input.provides],
    [1049, input.requires],
  ] as const) {
    if (names) add(tag, 8, names.length, Buffer.concat(names.map(text)));
  }
  if (input.padding) add(9999, 7, input.padding, Buffer.alloc(input.padding, 1));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(index.length, 0);
  head.writeUInt32BE(offset, 4);
  return Buffer.concat([head, ...index, ...data]);
}

export const sqliteRpmDatabase = (blobs: readonly Buffer[]): Buffer =>
  sqliteFile((database) => {
    database.exec('CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)');
    database.exec('CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL)');
    const insert = database.prepare('INSERT INTO Packages(blob) VALUES (?)');
    for (const blob of blobs) insert.run(blob);
  });

/** One page of slots, so at most 254 packages. */
export function ndbRpmDatabase(blobs: readonly Buffer[]): Buffer {
  const table = Buffer.alloc(4096);
  table.write('RpmP', 0, 'latin1');
  table.writeUInt32LE(1, 12);
  const parts: Buffer[] = [table];
  let offset = 4096;
  for (let slot = 2; slot < 256; slot++) {
    table.write('Slot', slot * 16, 'latin1');
    const blob = blobs[slot - 2];
    if (!blob) continue;
    const packed = Buffer.alloc(Math.ceil((16 + blob.length + 12) / 16) * 16);
    packed.write('BlbS', 0, 'latin1');
    packed.writeUInt32LE(slot, 4);
    packed.writeUInt32LE(blob.length, 12);
    blob.copy(packed, 16);
    packed.write('BlbE', packed.length - 4, 'latin1');
    table.writeUInt32LE(slot, slot * 16 + 4);
    table.writeUInt32LE(offset / 16, slot * 16 + 8);
    table.writeUInt32LE(packed.length / 16, slot * 16 + 12);
    parts.push(packed);
    offset += packed.length;
  }
  return Buffer.concat(parts);
}

const PAGE = 512;

/** A Berkeley DB hash with one page of items for each value: small values in the page, others on overflow pages. */
export function berkeleyRpmDatabase(blobs: readonly Buffer[], order: 'little' | 'big' = 'little'): Buffer {
  const u32 = (page: Buffer, value: number, at: number): unknown =>
    order === 'little' ? page.writeUInt32LE(value, at) : page.writeUInt32BE(value, at);
  const u16 = (page: Buffer, value: number, at: number): unknown =>
    order === 'little' ? page.writeUInt16LE(value, at) : page.writeUInt16BE(value, at);
  const meta = Buffer.alloc(PAGE);
  u32(meta, 0x061561, 12);
  u32(meta, 9, 16);
  u32(meta, PAGE, 20);
  meta[25] = 8;
  const pages = [meta];
  const newPage = (type: number): { page: Buffer; number: number } => {
    const page = Buffer.alloc(PAGE);
    page[25] = type;
    pages.push(page);
    return { page, number: pages.length - 1 };
  };
  for (const blob of blobs) {
    const { page } = newPage(13);
    u16(page, 2, 20);
    const key = PAGE - 5;
    page[key] = 1;
    u16(page, key, 26);
    const inPage = blob.length < PAGE / 2;
    const value = inPage ? key - blob.length - 1 : key - 12;
    u16(page, value, 28);
    page[value] = inPage ? 1 : 3;
    if (inPage) blob.copy(page, value + 1);
    else {
      u32(page, pages.length, value + 4);
      u32(page, blob.length, value + 8);
      for (let at = 0; at < blob.length; at += PAGE - 26) {
        const overflow = newPage(7);
        blob.copy(overflow.page, 26, at, at + PAGE - 26);
        if (at + PAGE - 26 < blob.length) u32(overflow.page, overflow.number + 1, 16);
      }
    }
  }
  return Buffer.concat(pages);
}
