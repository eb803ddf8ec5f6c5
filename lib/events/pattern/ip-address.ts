/** An IPv4 or IPv6 address. An IPv4-mapped IPv6 address is the IPv4 address (as java.net.InetAddress has it). */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
  /** Equal for every spelling of one address. */
  readonly key: string;
}

export interface IpBlock {
  contains(address: IpAddress | undefined): boolean;
}

const V4 = /^\d{1,15}\.\d{1,15}\.\d{1,15}\.\d{1,15}$/;
const V6 = /^[0-9a-fA-F:]{2,64}$/;

export function parseIpAddress(text: string): IpAddress | undefined {
  if (text.length > 64) return undefined;
  if (V4.test(text)) return parseV4(text);
  return text.includes(':') && V6.test(text) ? parseV6(text) : undefined;
}

function parseV4(text: string): IpAddress | undefined {
  if (text.length > 15) return undefined;
  const parts = text.split('.').map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  return address(
    32,
    parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n),
  );
}

/** RFC 4291, section 2.2, without the dotted form of the last 32 bits. */
function parseV6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = readGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? readGroups(halves[1] ?? '') : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const value = groups.reduce((sum, group) => sum * 65536n + BigInt(group), 0n);
  return value >> 32n === 0xffffn ? address(32, value & 0xffffffffn) : address(128, value);
}

function readGroups(text: string): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':').map((group) => (group === '' ? Number.NaN : Number.parseInt(group, 16)));
  return groups.every((group) => group <= 0xffff) ? groups : undefined;
}

const address = (bits: 32 | 128, value: bigint): IpAddress => ({ bits, value, key: `${bits}/${value}` });

/** `address/length`; the length is below the address's own (Ruler refuses /32 and /128). */
export function parseIpBlock(text: string): IpBlock | undefined {
  const slash = text.indexOf('/');
  const base = slash < 0 ? undefined : parseIpAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (base === undefined || !/^\d{1,3}$/.test(length) || Number(length) >= base.bits) return undefined;
  const shift = BigInt(base.bits - Number(length));
  const network = base.value >> shift;
  return { contains: (address) => address?.bits === base.bits && address.value >> shift === network };
}
