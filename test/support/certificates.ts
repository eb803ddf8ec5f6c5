import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { DER, writeDer, writeOid, writeUnsigned } from '../../lib/formats/der/index.ts';

/** A certificate with its key, made for a test. */
export interface MadeCertificate {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly privateKey: KeyObject;
  readonly privatePem: string;
}

export interface CertificateOptions {
  readonly subject?: Readonly<Record<string, string>>;
  readonly issuer?: MadeCertificate & { readonly subject?: never };
  readonly key?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject };
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** Bits of the key usage; `[]` leaves the extension out. */
  readonly usage?: readonly number[];
  readonly usageCritical?: boolean;
  /** Object identifiers of purposes. */
  readonly purposes?: readonly string[];
  readonly purposesCritical?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Another critical extension. */
  readonly critical?: string;
}

const OIDS: Readonly<Record<string, string>> = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
};

const names = new WeakMap<Uint8Array, Uint8Array>();

function writeName(name: Readonly<Record<string, string>>): Uint8Array {
  const parts = Object.entries(name).map(([type, value]) =>
    writeDer(
      DER.set,
      writeDer(DER.sequence, writeOid(OIDS[type] ?? type), writeDer(DER.utf8String, Buffer.from(value))),
    ),
  );
  return writeDer(DER.sequence, ...parts);
}

const writeTime = (time: Date): Uint8Array =>
  writeDer(DER.generalizedTime, Buffer.from(`${time.toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`));

const extension = (oid: string, critical: boolean, value: Uint8Array): Uint8Array =>
  writeDer(
    DER.sequence,
    writeOid(oid),
    ...(critical ? [writeDer(DER.boolean, Uint8Array.of(0xff))] : []),
    writeDer(DER.octetString, value),
  );

function writeUsage(bits: readonly number[]): Uint8Array {
  const octets = new Uint8Array(2);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  const last = Math.max(...bits);
  const used = octets.subarray(0, (last >> 3) + 1);
  return writeDer(DER.bitString, Uint8Array.of(7 - (last & 7)), used);
}

/** Signature algorithm of certificates here: ECDSA with SHA-256, or RSA with SHA-256. */
const algorithmOf = (key: KeyObject): Uint8Array =>
  key.asymmetricKeyType === 'rsa'
    ? writeDer(DER.sequence, writeOid('1.2.840.113549.1.1.11'), writeDer(DER.null))
    : writeDer(DER.sequence, writeOid('1.2.840.10045.4.3.2'));

/** A certificate by the issuer, or by itself. Defaults are those of a good certificate of its place. */
export function makeCertificate(options: CertificateOptions = {}): MadeCertificate {
  const { issuer, ca = false, purposesCritical = false, usageCritical = true, critical } = options;
  const { privateKey, publicKey } = options.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = writeName(options.subject ?? { C: 'DE', ST: 'Berlin', O: 'Example', CN: ca ? 'Root' : 'Signer' });
  const usage = options.usage ?? (ca ? [5, 6] : [0]);
  const purposes = options.purposes ?? (ca ? [] : ['1.3.6.1.5.5.7.3.3']);
  const constraints = [
    ...(ca ? [writeDer(DER.boolean, Uint8Array.of(0xff))] : []),
    ...(options.pathLength === undefined ? [] : [writeUnsigned(Uint8Array.of(options.pathLength))]),
  ];
  const extensions = [
    ...(ca ? [extension('2.5.29.19', true, writeDer(DER.sequence, ...constraints))] : []),
    ...(usage.length === 0 ? [] : [extension('2.5.29.15', usageCritical, writeUsage(usage))]),
    ...(purposes.length === 0
      ? []
      : [extension('2.5.29.37', purposesCritical, writeDer(DER.sequence, ...purposes.map(writeOid)))]),
    ...(critical === undefined ? [] : [extension(critical, true, writeDer(DER.null))]),
  ];
  const signer = issuer?.privateKey ?? privateKey;
  const issuerName = issuer === undefined ? name : names.get(issuer.der);
  if (issuerName === undefined) throw new Error('the issuer was not made here');
  const tbs = writeDer(
    DER.sequence,
    writeDer(0xa0, writeUnsigned(Uint8Array.of(2))),
    writeUnsigned(randomBytes(8)),
    algorithmOf(signer),
    issuerName,
    writeDer(
      DER.sequence,
      writeTime(options.notBefore ?? new Date('2020-01-01T00:00:00Z')),
      writeTime(options.notAfter ?? new Date('2049-01-01T00:00:00Z')),
    ),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length === 0 ? [] : [writeDer(0xa3, writeDer(DER.sequence, ...extensions))]),
  );
  const signature = sign('sha256', tbs, signer);
  const der = Uint8Array.from(
    writeDer(DER.sequence, tbs, algorithmOf(signer), writeDer(DER.bitString, Uint8Array.of(0), signature)),
  );
  names.set(der, name);
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n');
  return {
    der,
    pem: `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`,
    privateKey,
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A root and a signing certificate below it, as Notary Project wants them. */
export function makeChain(leaf: CertificateOptions = {}, root: CertificateOptions = {}) {
  const authority = makeCertificate({ ca: true, ...root });
  const signer = makeCertificate({ issuer: authority, ...leaf });
  return { authority, signer, chain: [signer.der, authority.der] as const };
}
