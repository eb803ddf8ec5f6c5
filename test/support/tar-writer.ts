/** What a test wants to find in an archive. A path ending in `/` is a directory unless a type says otherwise. */
export interface TarEntryInput {
  readonly path: string;
  readonly content?: string | Uint8Array;
  readonly type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'fifo' | 'character-device' | 'block-device';
  readonly linkname?: string;
  readonly mode?: number;
  /** Seconds since 1970; 0 unless said, so that equal entries give equal bytes. */
  readonly mtime?: number;
  /** Extra PAX records (`SCHILY.xattr.…`); a long path or link target adds its own. */
  readonly pax?: Readonly<Record<string, string>>;
  /** How names over the ustar fields are written: PAX records (the default) or GNU `L` and `K` entries. */
  readonly longNames?: 'pax' | 'gnu';
}

const BLOCK = 512;
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  'character-device': '3',
  'block-device': '4',
  directory: '5',
  fifo: '6',
} as const;

/** Writes a POSIX tar archive with its two closing zero blocks. Deterministic: same entries, same bytes. */
export function tarArchive(entries: readonly TarEntryInput[]): Buffer {
  return Buffer.concat([...entries.map(tarEntry), Buffer.alloc(2 * BLOCK)]);
}

/** One entry with its extended headers and padding, without the end of the archive: for hand-made odd archives. */
export function tarEntry(entry: TarEntryInput): Buffer {
  const type = entry.type ?? (entry.path.endsWith('/') ? 'directory' : 'file');
  const content = type === 'file' ? Buffer.from(entry.content ?? '') : Buffer.alloc(0);
  const linkname = entry.linkname ?? '';
  const parts: Buffer[] = [];
  const records: Record<string, string> = { ...entry.pax };
  const longPath = Buffer.byteLength(entry.path) > 100;
  const longLink = Buffer.byteLength(linkname) > 100;
  if (entry.longNames === 'gnu') {
    if (longPath) parts.push(metaEntry('L', Buffer.from(`${entry.path}\0`)));
    if (longLink) parts.push(metaEntry('K', Buffer.from(`${linkname}\0`)));
  } else {
    if (longPath) records.path = entry.path;
    if (longLink) records.linkpath = linkname;
  }
  if (Object.keys(records).length > 0) parts.push(metaEntry('x', paxRecords(records)));
  parts.push(
    tarHeader({
      path: entry.path,
      typeflag: TYPE_FLAGS[type],
      size: content.length,
      linkname,
      mode: entry.mode ?? (type === 'directory' ? 0o755 : type === 'symlink' ? 0o777 : 0o644),
      mtime: entry.mtime ?? 0,
    }),
    padded(content),
  );
  return Buffer.concat(parts);
}

/** A raw header block with a right checksum: any type flag, any size field (bytes of `sizeField` go in as they are). */
export function tarHeader(fields: {
  readonly path: string;
  readonly typeflag: string;
  readonly size?: number;
  readonly sizeField?: Uint8Array;
  readonly linkname?: string;
  readonly mode?: number;
  readonly mtime?: number;
  readonly magic?: string;
  /** Changes the block before the checksum is taken. */
  readonly patch?: (block: Buffer) => void;
}): Buffer {
  const block = Buffer.alloc(BLOCK);
  Buffer.from(fields.path).copy(block, 0, 0, 100);
  octal(block, 100, 8, fields.mode ?? 0o644);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  if (fields.sizeField) block.set(fields.sizeField.subarray(0, 12), 124);
  else octal(block, 124, 12, fields.size ?? 0);
  octal(block, 136, 12, fields.mtime ?? 0);
  block.write(fields.typeflag, 156, 'latin1');
  Buffer.from(fields.linkname ?? '').copy(block, 157, 0, 100);
  block.write(fields.magic ?? 'ustar\x0000', 257, 'latin1');
  fields.patch?.(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** `"<length> <key>=<value>\n"`, where the length counts itself (POSIX pax, "Extended Header"). */
export function paxRecords(records: Readonly<Record<string, string>> | readonly (readonly [string, string])[]): Buffer {
  const list = Array.isArray(records) ? records : Object.entries(records);
  return Buffer.concat(
    list.map(([key, value]) => {
      const rest = Buffer.from(` ${key}=${value}\n`);
      let length = rest.length + 1;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.concat([Buffer.from(String(length)), rest]);
    }),
  );
}

/** An entry that describes the next one: `x`, `g`, `L` or `K`. */
export function metaEntry(typeflag: string, content: Buffer): Buffer {
  const path = typeflag === 'L' || typeflag === 'K' ? '././@LongLink' : 'PaxHeaders/entry';
  return Buffer.concat([tarHeader({ path, typeflag, size: content.length }), padded(content)]);
}

/** The content filled up with zeros to whole blocks. */
export function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK)]);
}

function octal(block: Buffer, offset: number, width: number, value: number): void {
  block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset, width, 'latin1');
}
