import { LadingError } from '../../core/errors.ts';
import { childrenOf, DER, type DerElement, readOid } from '../der/index.ts';

/** Attributes by their short names (`C`, `ST`, `O`, `CN`), in the order of the certificate; others by identifier. */
export type DistinguishedName = readonly (readonly [type: string, value: string])[];

const SHORT: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.5', 'SERIALNUMBER'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['2.5.4.17', 'POSTALCODE'],
]);

/** @throws LadingError `der-invalid` */
export function readName(name: DerElement): DistinguishedName {
  return childrenOf(name, DER.sequence).flatMap((set) =>
    childrenOf(set, DER.set).map((attribute) => {
      const [type, value] = childrenOf(attribute, DER.sequence);
      const oid = readOid(type);
      return [SHORT.get(oid) ?? oid, readText(value)] as const;
    }),
  );
}

function readText(element: DerElement | undefined): string {
  if (element === undefined) throw new LadingError('der-invalid', 'an attribute of a name has no value');
  if (element.tag === 0x1e) return Buffer.from(element.content).swap16().toString('utf16le');
  return new TextDecoder('utf-8').decode(element.content);
}

/** RFC 4514, the other way round from the certificate: the most specific first. */
export const formatName = (name: DistinguishedName): string =>
  [...name]
    .reverse()
    .map(([type, value]) => `${type}=${value.replace(/[,+"\\<>;=]/g, '\\$&').replace(/^[ #]| $/g, '\\$&')}`)
    .join(',');

/**
 * Reads `C=DE, ST=Berlin, O=Example` (RFC 4514) into attributes. `S` is taken for `ST`, as Notary Project does.
 *
 * @throws LadingError `name-invalid` for several values in one part, an attribute twice, or hex-encoded values
 */
export function parseName(text: string): ReadonlyMap<string, string> {
  const invalid = (why: string): LadingError =>
    new LadingError('name-invalid', `"${text.slice(0, 200)}" is not a distinguished name: ${why}`, {
      hint: 'write it as C=DE, ST=Berlin, O=Example',
    });
  const found = new Map<string, string>();
  for (const part of splitUnescaped(text)) {
    const equals = part.indexOf('=');
    const type = part.slice(0, equals).trim().toUpperCase();
    const raw = part.slice(equals + 1).trim();
    if (equals < 1 || !/^[A-Z0-9.]+$/.test(type)) throw invalid('a part has no name and value');
    if (raw.startsWith('#')) throw invalid('hex-encoded values are not supported');
    if (/(?:^|[^\\])\+/.test(raw)) throw invalid('a part has several values');
    const key = type === 'S' ? 'ST' : type;
    if (found.has(key)) throw invalid(`${key} appears twice`);
    found.set(key, unescapeValue(raw));
  }
  return found;
}

function splitUnescaped(text: string): readonly string[] {
  const parts: string[] = [''];
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === ',' || c === ';') parts.push('');
    else parts[parts.length - 1] += c === '\\' ? c + text.charAt(++i) : c;
  }
  return parts;
}

/** RFC 4514, section 2.4: a backslash before a special character, or before two hex digits of an octet of UTF-8. */
const unescapeValue = (text: string): string =>
  text
    .replace(/(?:\\[0-9a-fA-F]{2})+/g, (octets) => Buffer.from(octets.replaceAll('\\', ''), 'hex').toString('utf8'))
    .replace(/\\(.)/g, '$1');

/** Whether the name has every attribute of the pattern, with the same values; none of the name's may be there twice. */
export function isSubsetOf(pattern: ReadonlyMap<string, string>, name: DistinguishedName): boolean {
  const values = new Map(name);
  if (values.size !== name.length) return false;
  return pattern.size > 0 && [...pattern].every(([type, value]) => values.get(type) === value);
}
