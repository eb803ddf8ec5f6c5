import { TarError } from './errors.ts';
import { decodeName } from './text.ts';

/** The records of an extended header that concern us. Absent means: keep what the entry's own header says. */
export interface PaxRecords {
  readonly path?: string;
  readonly linkpath?: string;
  readonly size?: number;
  /** The `GNU.sparse.*` records by their last part; `map` holds "offset,length,…" also where format 0.0 spread it out. */
  readonly sparse?: ReadonlyMap<string, string>;
}

/** Records that do not concern us, and for which Go's reader, and so a container runtime, refuses the archive. */
const NUMBERS: ReadonlyMap<string, RegExp> = new Map([
  ...['atime', 'ctime', 'mtime'].map((key) => [key, /^[+-]?\d{1,19}(?:\.\d*)?$/] as const),
  ...['uid', 'gid'].map((key) => [key, /^[+-]?\d{1,19}$/] as const),
]);

/**
 * Reads the records of an `x` or `g` entry: `"<length> <key>=<value>\n"` again and again (POSIX.1-2017 pax, "pax
 * Extended Header"). An empty value takes a record back.
 *
 * @throws TarError on anything else, on a NUL in a path, and on a size that is no natural number.
 */
export function parsePaxRecords(content: Buffer, offset: number): PaxRecords {
  const fail = (why: string): never => {
    throw new TarError(`an extended header is malformed: ${why}`, offset);
  };
  let path: string | undefined;
  let linkpath: string | undefined;
  let size: number | undefined;
  const sparse = new Map<string, string>();
  const map: string[] = [];
  for (let at = 0; at < content.length; ) {
    const { key, value, next } = nextRecord(content, at) ?? fail('a record has a wrong length');
    at = next;
    if (key.includes('\0')) return fail('a key holds a NUL');
    if ((key === 'uname' || key === 'gname') && value.includes(0)) return fail(`${key} holds a NUL`);
    if (key === 'path' || key === 'linkpath') {
      if (value.includes(0)) return fail(`${key} holds a NUL`);
      const text = value.length === 0 ? undefined : decodeName(value);
      if (key === 'path') path = text;
      else linkpath = text;
    } else if (key === 'size') {
      size =
        value.length === 0
          ? undefined
          : (naturalNumber(value.toString('latin1').replace(/^\+?0*(?=\d)/, '')) ?? fail('its size is no number'));
    } else if (value.length > 0 && NUMBERS.get(key)?.test(value.toString('latin1')) === false) {
      return fail(`${key} is no number`);
    } else if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
      // Format 0.0 repeats the two keys in turn (GNU tar manual, "Storing Sparse Files").
      if ((map.length % 2 === 0) !== (key === 'GNU.sparse.offset')) return fail('its sparse map is out of order');
      map.push(value.toString('latin1'));
    } else if (key.startsWith('GNU.sparse.')) {
      if (key === 'GNU.sparse.name' && value.includes(0)) return fail(`${key} holds a NUL`);
      sparse.set(key.slice(11), key === 'GNU.sparse.name' ? decodeName(value) : value.toString('latin1'));
    }
  }
  if (map.length > 0) sparse.set('map', map.join(','));
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkpath === undefined ? {} : { linkpath }),
    ...(size === undefined ? {} : { size }),
    ...(sparse.size === 0 ? {} : { sparse }),
  };
}

function nextRecord(
  content: Buffer,
  at: number,
): { readonly key: string; readonly value: Buffer; readonly next: number } | undefined {
  const space = content.indexOf(0x20, at);
  if (space < 0 || space - at > 10) return undefined;
  const length = naturalNumber(content.toString('latin1', at, space));
  if (length === undefined || length < 5) return undefined;
  const next = at + length;
  if (next > content.length || next - 1 <= space || content[next - 1] !== 0x0a) return undefined;
  const equals = content.indexOf(0x3d, space + 1);
  if (equals <= space + 1 || equals >= next - 1) return undefined;
  return {
    key: content.toString('utf8', space + 1, equals),
    value: content.subarray(equals + 1, next - 1),
    next,
  };
}

/** Decimal digits and nothing else, up to 2^53. */
export function naturalNumber(text: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
