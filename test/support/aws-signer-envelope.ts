import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalJson } from '../../lib/core/json.ts';
import { type CborKey, type CborValue, encodeCbor } from '../../lib/formats/cbor/index.ts';
import { coseToBeSigned, encodeCoseSign1 } from '../../lib/formats/cose/index.ts';
import { makeCertificate } from './certificates.ts';

/**
 * Envelopes as AWS Signer makes them (platform Notation-OCI-SHA384-ECDSA), put together here from what `notation inspect`
 * shows of real ones: four certificates, scheme of signing authorities, the plugin and its two attributes critical. JWS is
 * what the service makes; COSE is the same content in Notary Project's other envelope.
 */
export const PROFILE = 'arn:aws:signer:us-west-2:123456789012:/signing-profiles/release';
export const PROFILE_VERSION = `${PROFILE}/OF8IVUsPJq`;
export const JOB = 'arn:aws:signer:us-west-2:123456789012:/signing-jobs/97af3947-e7b2-4533-8d9d-6741156f0b79';
export const PLUGIN = 'com.amazonaws.signer.notation.plugin';

const name = (CN: string) => ({ C: 'US', ST: 'WA', O: 'AWS', OU: 'Cryptography', CN });

export function makeServiceChain(leaf: { readonly notBefore?: Date; readonly notAfter?: Date } = {}) {
  const root = makeCertificate({ ca: true, subject: name('AWS Signer Code Signing Root CA G1') });
  const middle = makeCertificate({ ca: true, issuer: root, subject: name('AWS Signer Code Signing Int CA G1') });
  const regional = makeCertificate({
    ca: true,
    issuer: middle,
    subject: name('AWS Signer us-west-2 Code Signing CA G1'),
  });
  const key = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const signer = makeCertificate({ issuer: regional, key, subject: { ...name('AWS Signer'), L: 'Seattle' }, ...leaf });
  return { root, key: key.privateKey, chain: [signer.der, regional.der, middle.der, root.der] };
}

export interface EnvelopeChange {
  /** Members over those of a good envelope; `undefined` leaves one out. */
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  /** What is marked critical; everything that is there, when absent. */
  readonly critical?: readonly string[];
  readonly signedAt?: Date;
  readonly expiry?: Date;
}

const SCHEME = 'io.cncf.notary.signingScheme';
const TIME = 'io.cncf.notary.authenticSigningTime';
const EXPIRY = 'io.cncf.notary.expiry';

export function awsSignerEnvelope(
  format: 'notation-jws' | 'notation-cose',
  image: { readonly mediaType: string; readonly digest: string; readonly size: number },
  { key, chain }: Pick<ReturnType<typeof makeServiceChain>, 'key' | 'chain'>,
  change: EnvelopeChange = {},
): Uint8Array {
  const { signedAt = new Date('2026-05-01T00:00:00Z'), expiry = new Date('2029-05-01T00:00:00Z') } = change;
  const { mediaType, digest, size } = image;
  const payload = Buffer.from(canonicalJson({ targetArtifact: { mediaType, digest, size } }));
  const texts = Object.entries({
    [SCHEME]: 'notary.x509.signingAuthority',
    'io.cncf.notary.verificationPlugin': PLUGIN,
    'com.amazonaws.signer.signingProfileVersion': PROFILE_VERSION,
    'com.amazonaws.signer.signingJob': JOB,
    ...change.attributes,
  }).filter((entry) => entry[1] !== undefined);
  const critical = change.critical ?? [...texts.map(([label]) => label), TIME, EXPIRY];
  const signed = (data: Uint8Array) => sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' });
  const contentType = 'application/vnd.cncf.notary.payload.v1+json';
  if (format === 'notation-cose') {
    const at = (time: Date): CborValue => ({ tag: 1, value: Math.floor(time.getTime() / 1000) });
    const headers = new Map<CborKey, CborValue>([
      [1, -35],
      [2, [...critical]],
      [3, contentType],
      [TIME, at(signedAt)],
      [EXPIRY, at(expiry)],
      ...texts,
    ]);
    const protectedBytes = encodeCbor(headers);
    const signature = signed(coseToBeSigned(protectedBytes, payload));
    return encodeCoseSign1({ protectedBytes, unprotectedHeaders: new Map([[33, chain]]), payload, signature });
  }
  const header = {
    alg: 'ES384',
    cty: contentType,
    crit: critical,
    [TIME]: signedAt.toISOString(),
    [EXPIRY]: expiry.toISOString(),
    ...Object.fromEntries(texts),
  };
  const part = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const protectedText = part(Buffer.from(JSON.stringify(header)));
  const signature = part(signed(Buffer.from(`${protectedText}.${part(payload)}`)));
  const x5c = chain.map((der) => Buffer.from(der).toString('base64'));
  return Buffer.from(JSON.stringify({ payload: part(payload), protected: protectedText, header: { x5c }, signature }));
}
