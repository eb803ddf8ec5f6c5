import { LadingError } from '../../core/errors.ts';

/** One element of DER (ITU-T X.690): tag, content, and where it stands in the input. */
export interface DerElement {
  /** The identifier octet: class, constructed bit and number. Numbers over 30 do not occur in what is read here. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** With identifier and length: what is hashed and compared. */
  readonly raw: Uint8Array;
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

const fail = (why: string): never => {
  throw new LadingError('der-invalid', `not DER: ${why}`);
};

/** Reads the element at the offset. @throws LadingError `der-invalid` */
function elementAt(bytes: Uint8Array, offset: number): { readonly element: DerElement; readonly end: number } {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return fail('an element is cut off');
  if ((tag & 0x1f) === 0x1f) return fail('a tag number is over 30');
  let start = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    // Indefinite lengths are BER only; four octets are more than any input here.
    if (count === 0 || count > 4) return fail('a length is indefinite or too long');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start + i] ?? 0);
    start += count;
    if (length < 0x80 || length < 256 ** (count - 1)) return fail('a length has another form than the shortest');
  }
  const end = start + length;
  if (end > bytes.length) return fail('an element is longer than its container');
  return { element: { tag, content: bytes.subarray(start, end), raw: bytes.subarray(offset, end) }, end };
}

/** Reads one element that is the whole input. @throws LadingError `der-invalid` */
export function readDer(bytes: Uint8Array, expectedTag?: number): DerElement {
  const { element, end } = elementAt(bytes, 0);
  if (end !== bytes.length) return fail('something follows the element');
  return expectedTag === undefined ? element : expectTag(element, expectedTag);
}

export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element === undefined) return fail(`an element with the tag ${tag} is missing`);
  return element.tag === tag ? element : fail(`the tag is ${element.tag}, not ${tag}`);
}

const MAX_ELEMENTS = 10_000;

/** The elements of a constructed one. @throws LadingError `der-invalid` */
export function childrenOf(element: DerElement, tag?: number): readonly DerElement[] {
  if (tag !== undefined) expectTag(element, tag);
  if ((element.tag & 0x20) === 0) return fail('a primitive element is read as a constructed one');
  const children: DerElement[] = [];
  for (let offset = 0; offset < element.content.length; ) {
    const { element: child, end } = elementAt(element.content, offset);
    children.push(child);
    if (children.length > MAX_ELEMENTS) return fail('it has too many elements');
    offset = end;
  }
  return children;
}

/** `2.5.29.15`. @throws LadingError `der-invalid` */
export function readOid(element: DerElement | undefined): string {
  const { content } = expectTag(element, DER.oid);
  if (content.length === 0 || content.length > 64) return fail('an object identifier has no or too many octets');
  const arcs: bigint[] = [];
  let value = 0n;
  let open = false;
  for (const octet of content) {
    if (!open && octet === 0x80) return fail('an object identifier is padded');
    value = value * 128n + BigInt(octet & 0x7f);
    open = (octet & 0x80) !== 0;
    if (open) continue;
    arcs.push(value);
    value = 0n;
  }
  if (open) return fail('an object identifier is cut off');
  const [combined = 0n, ...rest] = arcs;
  const first = combined < 40n ? 0n : combined < 80n ? 1n : 2n;
  return [first, combined - first * 40n, ...rest].join('.');
}

/** @throws LadingError `der-invalid` unless it is an integer of the shortest form, from 0 to 2^53 - 1 */
export function readSmallInteger(element: DerElement | undefined): number {
  const { content } = expectTag(element, DER.integer);
  const [first = 0x80, second = 0xff] = content;
  if (content.length > 7 || first >= 0x80 || (content.length > 1 && first === 0 && second < 0x80)) {
    return fail('an integer is negative, too large, or padded');
  }
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

/** DER has one spelling of true. @throws LadingError `der-invalid` */
export function readBoolean(element: DerElement): boolean {
  const { content } = expectTag(element, DER.boolean);
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) return fail('a boolean is neither 0 nor 255');
  return value === 0xff;
}

/** UTCTime and GeneralizedTime in the forms that X.509 allows (RFC 5280, section 4.1.2.5), and with fractions (RFC 3161). */
export function readTime(element: DerElement): Date {
  const text = Buffer.from(element.content).toString('latin1');
  const utc = element.tag === DER.utcTime ? /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text) : null;
  const general =
    element.tag === DER.generalizedTime
      ? /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,6}))?Z$/.exec(text)
      : null;
  const match = utc ?? general;
  if (match === null) return fail('a time has another form');
  const [, y = '', month = '', day = '', hour = '', minute = '', second = '', fraction = ''] = match;
  const year = utc === null ? y : `${Number(y) >= 50 ? '19' : '20'}${y}`;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`;
  const time = new Date(iso);
  // `Date` takes 30 February for 2 March.
  if (Number.isNaN(time.getTime()) || time.toISOString() !== iso) return fail(`there is no time ${text.slice(0, 30)}`);
  return time;
}

/** One element, with the shortest length. */
export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Uint8Array.of(tag, length), content]);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.concat([Uint8Array.of(tag, 0x80 | octets.length, ...octets), content]);
}

/** @param text `2.5.29.15` */
export function writeOid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(128 | (left % 128));
    octets.push(...groups);
  }
  return writeDer(DER.oid, Uint8Array.from(octets));
}

/** An unsigned integer given by its octets, most significant first. */
export function writeUnsigned(octets: Uint8Array): Uint8Array {
  const start = octets.findIndex((octet) => octet !== 0);
  const bare = start < 0 ? Uint8Array.of(0) : octets.subarray(start);
  return writeDer(DER.integer, (bare[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(), bare);
}
