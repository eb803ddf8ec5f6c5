import { isIP } from 'node:net';

/**
 * - `public`: may be connected to
 * - `private`: loopback, RFC 1918, RFC 4193, RFC 6598, RFC 2544; only where the configuration allows it
 * - `forbidden`: link-local, cloud metadata, multicast, unspecified, reserved; never
 */
export type AddressClass = 'public' | 'private' | 'forbidden';

type Range = readonly [prefix: readonly number[], bits: number, AddressClass];

// IANA special-purpose address registries (RFC 6890) and the metadata services of the clouds; the first match decides.
const V4: readonly Range[] = [
  [[169, 254], 16, 'forbidden'],
  [[100, 100, 100, 200], 32, 'forbidden'],
  [[192, 0, 0], 24, 'forbidden'],
  [[168, 63, 129, 16], 32, 'forbidden'],
  [[0], 8, 'forbidden'],
  [[224], 3, 'forbidden'],
  [[127], 8, 'private'],
  [[10], 8, 'private'],
  [[172, 16], 12, 'private'],
  [[192, 168], 16, 'private'],
  [[100, 64], 10, 'private'],
  [[198, 18], 15, 'private'],
];

const LOOPBACK6 = [...new Array<number>(15).fill(0), 1];

const V6: readonly Range[] = [
  [[0xfd, 0x00, 0x0e, 0xc2], 32, 'forbidden'],
  [[0xfe, 0x80], 10, 'forbidden'],
  [[0xfe, 0xc0], 10, 'forbidden'],
  [[0xff], 8, 'forbidden'],
  [LOOPBACK6, 128, 'private'],
  [[0xfc], 7, 'private'],
  [[], 8, 'forbidden'],
];

/** Prefixes of IPv6 that carry an IPv4 address behind them (RFC 4291, 6052, 3056): it is what would be reached. */
const EMBEDDED: readonly (readonly [prefix: readonly number[], bits: number, offset: number])[] = [
  [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff], 96, 12],
  [[0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0], 96, 12],
  [[0x20, 0x02], 16, 2],
];

/** Tells what kind of place an IP address is. What is no address is forbidden. */
export function classifyAddress(address: string): AddressClass {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  switch (isIP(bare)) {
    case 4:
      return classify(V4, bare.split('.').map(Number));
    case 6:
      return classifyV6(bytesOf(bare));
    default:
      return 'forbidden';
  }
}

function classifyV6(bytes: readonly number[]): AddressClass {
  const carrier = EMBEDDED.find(([prefix, bits]) => within(bytes, prefix, bits));
  return carrier === undefined ? classify(V6, bytes) : classify(V4, bytes.slice(carrier[2], carrier[2] + 4));
}

const classify = (ranges: readonly Range[], bytes: readonly number[]): AddressClass =>
  ranges.find(([prefix, bits]) => within(bytes, prefix, bits))?.[2] ?? 'public';

function within(bytes: readonly number[], prefix: readonly number[], bits: number): boolean {
  for (let bit = 0; bit < bits; bit += 8) {
    const mask = bits - bit >= 8 ? 0xff : (0xff << (8 - (bits - bit))) & 0xff;
    if (((bytes[bit / 8] ?? 0) & mask) !== ((prefix[bit / 8] ?? 0) & mask)) return false;
  }
  return true;
}

/** The 16 bytes of an address that `isIP` took for IPv6. */
function bytesOf(address: string): readonly number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = dotted
    ? `${dotted[1]}${pair(Number(dotted[2]), Number(dotted[3]))}:${pair(Number(dotted[4]), Number(dotted[5]))}`
    : address;
  const [head = '', tail] = text.split('::', 2);
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((w) => Number.parseInt(w, 16)));
  const left = words(head);
  const right = words(tail ?? '');
  const all = [...left, ...new Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0), ...right];
  return all.flatMap((word) => [word >> 8, word & 0xff]);
}

const pair = (a: number, b: number): string => ((a << 8) | b).toString(16);
