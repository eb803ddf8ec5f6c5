import { type KeyObject, X509Certificate } from 'node:crypto';
import { LadingError } from '../../core/errors.ts';
import {
  childrenOf,
  DER,
  type DerElement,
  expectTag,
  readBoolean,
  readDer,
  readOid,
  readSmallInteger,
  readTime,
} from '../der/index.ts';
import { type DistinguishedName, readName } from './name.ts';

/** An X.509 version 3 certificate (RFC 5280), as far as signatures on images need it. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly publicKey: KeyObject;
  /** Hex, without leading zeros. */
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly rawSubject: Uint8Array;
  readonly rawIssuer: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Absent where there is no such extension. */
  readonly basicConstraints?: { readonly ca: boolean; readonly pathLength?: number };
  readonly keyUsage?: { readonly critical: boolean; readonly bits: ReadonlySet<KeyUsage> };
  /** Object identifiers. */
  readonly extendedKeyUsage?: { readonly critical: boolean; readonly purposes: readonly string[] };
  /** Critical extensions that this code does not know: whoever relies on the certificate must refuse it. */
  readonly unknownCritical: readonly string[];
  readonly extensions: ReadonlyMap<string, Uint8Array>;
  /** Whether the other certificate's key signed this one, and bears the name that this one gives for its issuer. */
  isIssuedBy(issuer: Certificate): boolean;
}

export type KeyUsage = (typeof KEY_USAGES)[number];

/** RFC 5280, section 4.2.1.3, in the order of the bits. */
const KEY_USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

const KEY_USAGE = '2.5.29.15';
const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENDED_KEY_USAGE = '2.5.29.37';
/** Understood, or of no bearing on what the certificate may sign: key identifiers, names of the subject, policies. */
const KNOWN = new Set([KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, '2.5.29.14', '2.5.29.35', '2.5.29.17']);

const MAX_BYTES = 64 * 1024;

/** @throws LadingError `certificate-invalid` */
export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_BYTES) throw new LadingError('certificate-invalid', `a certificate has ${der.length} bytes`);
  try {
    return read(der);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'unreadable';
    throw new LadingError('certificate-invalid', `a certificate cannot be read: ${why}`, { cause });
  }
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

function read(der: Uint8Array): Certificate {
  const [tbs] = childrenOf(readDer(der), DER.sequence);
  const fields = [...childrenOf(expectTag(tbs, DER.sequence))];
  if (fields[0]?.tag === 0xa0) fields.shift();
  const [serial, , issuer, validity, subject] = fields;
  const [notBefore, notAfter] = childrenOf(expectTag(validity, DER.sequence));
  const extensions = readExtensions(fields.find(({ tag }) => tag === 0xa3));
  const node = new X509Certificate(der);
  const name = expectTag(subject, DER.sequence);
  const issuerName = expectTag(issuer, DER.sequence);
  return {
    der,
    publicKey: node.publicKey,
    serial: Buffer.from(expectTag(serial, DER.integer).content)
      .toString('hex')
      .replace(/^0+(?=.)/, ''),
    subject: readName(name),
    issuer: readName(issuerName),
    rawSubject: name.raw,
    rawIssuer: issuerName.raw,
    notBefore: readTime(required(notBefore)),
    notAfter: readTime(required(notAfter)),
    ...readUsage(extensions),
    unknownCritical: [...extensions].filter(([oid, { critical }]) => critical && !KNOWN.has(oid)).map(([oid]) => oid),
    extensions: new Map([...extensions].map(([oid, { value }]) => [oid, value])),
    isIssuedBy: (other) => {
      try {
        return Buffer.compare(other.rawSubject, issuerName.raw) === 0 && node.verify(other.publicKey);
      } catch {
        return false;
      }
    },
  };
}

const required = (element: DerElement | undefined): DerElement => {
  if (element !== undefined) return element;
  throw new LadingError('der-invalid', 'a field is missing');
};

function readExtensions(element: DerElement | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  if (element === undefined) return found;
  const [list] = childrenOf(element);
  for (const extension of childrenOf(expectTag(list, DER.sequence))) {
    const [id, ...rest] = childrenOf(extension, DER.sequence);
    const oid = readOid(id);
    if (found.has(oid)) throw new LadingError('der-invalid', `the extension ${oid} appears twice`);
    const critical = rest[0]?.tag === DER.boolean && readBoolean(rest[0]);
    found.set(oid, { critical, value: expectTag(rest.at(-1), DER.octetString).content });
  }
  return found;
}

function readUsage(
  extensions: ReadonlyMap<string, Extension>,
): Pick<Certificate, 'basicConstraints' | 'keyUsage' | 'extendedKeyUsage'> {
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  const usage = extensions.get(KEY_USAGE);
  const extended = extensions.get(EXTENDED_KEY_USAGE);
  return {
    ...(constraints === undefined ? {} : { basicConstraints: readConstraints(constraints.value) }),
    ...(usage === undefined ? {} : { keyUsage: { critical: usage.critical, bits: readKeyUsage(usage.value) } }),
    ...(extended === undefined
      ? {}
      : {
          extendedKeyUsage: {
            critical: extended.critical,
            purposes: childrenOf(readDer(extended.value), DER.sequence).map(readOid),
          },
        }),
  };
}

function readConstraints(value: Uint8Array): { readonly ca: boolean; readonly pathLength?: number } {
  const fields = [...childrenOf(readDer(value), DER.sequence)];
  const ca = fields[0]?.tag === DER.boolean ? readBoolean(fields.shift() as DerElement) : false;
  return fields[0] === undefined ? { ca } : { ca, pathLength: readSmallInteger(fields[0]) };
}

function readKeyUsage(value: Uint8Array): ReadonlySet<KeyUsage> {
  const { content } = readDer(value, DER.bitString);
  const isSet = (bit: number): boolean => ((content[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0;
  return new Set(KEY_USAGES.filter((_, bit) => isSet(bit)));
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/g;

/** The DER of each certificate of a PEM text, in their order. */
export const splitPem = (text: string): readonly Uint8Array[] =>
  [...text.matchAll(PEM_BLOCK)].map(([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')));

/** The certificates of a PEM text, or of one in DER. @throws LadingError `certificate-invalid` */
export function parseCertificatePem(content: Uint8Array | string): readonly Certificate[] {
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('latin1');
  const blocks = splitPem(text);
  if (blocks.length > 0) return blocks.map(parseCertificate);
  if (typeof content !== 'string' && content[0] === DER.sequence) return [parseCertificate(content)];
  throw new LadingError('certificate-invalid', 'there is no certificate in it', {
    hint: 'give PEM blocks that begin with -----BEGIN CERTIFICATE-----',
  });
}
