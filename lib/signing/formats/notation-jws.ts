import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson } from '../../core/json.ts';
import { decodeBase64, encodeBase64 } from '../../formats/base64.ts';
import { encodeJws, encodeJwsPart, jwsToBeSigned, parseJws } from '../../formats/jws/index.ts';
import type { SignatureAlgorithm } from '../model.ts';
import { ATTRIBUTE, type NotationEnvelope, SIGNING_AGENT } from './notation.ts';
import { rfc3339 } from './place.ts';

/** RFC 7518, section 3.1, as far as Notary Project allows it. `none` and HMAC are not among them. */
const ALGORITHMS: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ['ES256', 'ecdsa-p256-sha256'],
  ['ES384', 'ecdsa-p384-sha384'],
  ['ES512', 'ecdsa-p521-sha512'],
  ['PS256', 'rsa-pss-sha256'],
  ['PS384', 'rsa-pss-sha384'],
  ['PS512', 'rsa-pss-sha512'],
]);

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const protectedSchema = z.object({
  alg: z.string(),
  cty: z.string(),
  crit: z.array(z.string()).min(1).max(64),
  [ATTRIBUTE.scheme]: z.enum(['notary.x509', 'notary.x509.signingAuthority']),
  [ATTRIBUTE.signingTime]: time.optional(),
  [ATTRIBUTE.authenticSigningTime]: time.optional(),
  [ATTRIBUTE.expiry]: time.optional(),
});

const headerSchema = z.object({
  x5c: z.array(z.string()).min(1).max(10),
  [ATTRIBUTE.timestamp]: z.string().optional(),
});

const invalid = (why: string): LadingError => new LadingError('envelope-invalid', `not a Notary Project JWS: ${why}`);

/** @throws LadingError `envelope-invalid`, `jws-invalid` */
export function parseNotationJws(bytes: Uint8Array): NotationEnvelope {
  const jws = parseJws(bytes);
  const signed = protectedSchema.safeParse(Object.fromEntries(jws.protectedHeader));
  if (!signed.success) throw invalid(z.prettifyError(signed.error));
  const unsigned = headerSchema.safeParse(Object.fromEntries(jws.header));
  if (!unsigned.success) throw invalid(z.prettifyError(unsigned.error));
  const algorithm = ALGORITHMS.get(signed.data.alg);
  if (algorithm === undefined) throw invalid(`the algorithm "${signed.data.alg.slice(0, 40)}" is not allowed`);
  const token = unsigned.data[ATTRIBUTE.timestamp];
  return {
    contentType: signed.data.cty,
    payload: jws.payload,
    toBeSigned: jwsToBeSigned(jws.protectedText, jws.payloadText),
    signature: jws.signature,
    algorithm,
    chain: unsigned.data.x5c.map(fromBase64),
    ...(token === undefined ? {} : { timestampToken: fromBase64(token) }),
    ...readAttributes({
      scheme: signed.data[ATTRIBUTE.scheme],
      signingTime: signed.data[ATTRIBUTE.signingTime],
      authenticSigningTime: signed.data[ATTRIBUTE.authenticSigningTime],
      expiry: signed.data[ATTRIBUTE.expiry],
      critical: signed.data.crit,
      present: jws.protectedHeader,
    }),
  };
}

function fromBase64(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  throw invalid('a certificate or timestamp is not base64');
}

/**
 * The rules of both envelopes for attributes: which must be there, which must be marked critical, and none marked that
 * is not there (specs/signature-specification.md, "Signed Attributes").
 *
 * @throws LadingError `envelope-invalid`
 */
export function readAttributes(given: {
  readonly scheme: NotationEnvelope['scheme'];
  readonly signingTime: Date | undefined;
  readonly authenticSigningTime: Date | undefined;
  readonly expiry: Date | undefined;
  readonly critical: readonly string[];
  readonly present: ReadonlyMap<string, unknown>;
}): Pick<NotationEnvelope, 'scheme' | 'signingTime' | 'expiry' | 'plugin' | 'extended'> {
  const { scheme, signingTime, authenticSigningTime, expiry, critical, present } = given;
  const authority = scheme === 'notary.x509.signingAuthority';
  const at = authority ? authenticSigningTime : signingTime;
  if (at === undefined || (authority ? signingTime : authenticSigningTime) !== undefined) {
    throw invalid(`its signing time is not the one of the scheme ${scheme}`);
  }
  const mustBeCritical: string[] = [ATTRIBUTE.scheme];
  if (expiry !== undefined) mustBeCritical.push(ATTRIBUTE.expiry);
  if (authority) mustBeCritical.push(ATTRIBUTE.authenticSigningTime);
  mustBeCritical.push(...[ATTRIBUTE.plugin, ATTRIBUTE.pluginMinVersion].filter((name) => present.has(name)));
  const unmarked = mustBeCritical.find((name) => !critical.includes(name));
  if (unmarked !== undefined) throw invalid(`"${unmarked}" is not marked critical`);
  const absent = critical.find((name) => !present.has(name));
  if (absent !== undefined) throw invalid(`"${absent.slice(0, 80)}" is marked critical and is not there`);
  if (new Set(critical).size !== critical.length) throw invalid('an attribute is marked critical twice');
  if (expiry !== undefined && expiry <= at) throw invalid('it expires before it was made');
  const plugin = readPlugin(present);
  const known: readonly string[] = Object.values(ATTRIBUTE);
  const extended = critical.filter((name) => !known.includes(name));
  return {
    scheme,
    signingTime: at,
    ...(expiry === undefined ? {} : { expiry }),
    ...(plugin === undefined ? {} : { plugin }),
    extended: new Map(extended.map((name) => [name, present.get(name)])),
  };
}

/** A version as Semantic Versioning 2.0.0 writes it; what a plugin's version is held against. */
const VERSION =
  /^(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})\.(?:0|[1-9]\d{0,8})(?:-[0-9A-Za-z.-]{1,100})?(?:\+[0-9A-Za-z.-]{1,100})?$/;

function readPlugin(present: ReadonlyMap<string, unknown>): NotationEnvelope['plugin'] {
  const name = present.get(ATTRIBUTE.plugin);
  const minVersion = present.get(ATTRIBUTE.pluginMinVersion);
  if (name === undefined && minVersion === undefined) return undefined;
  if (typeof name !== 'string' || name.trim() === '') throw invalid('it names no verification plugin by a text');
  if (minVersion === undefined) return { name };
  if (typeof minVersion !== 'string' || !VERSION.test(minVersion)) {
    throw invalid('the version that it wants of its plugin is none');
  }
  return { name, minVersion };
}

/** The header that is signed with the payload. */
export function encodeJwsHeader(input: {
  readonly algorithm: SignatureAlgorithm;
  readonly contentType: string;
  readonly signingTime: Date;
  readonly expiry?: Date | undefined;
}): string {
  const { algorithm, contentType, signingTime, expiry } = input;
  const [alg] = [...ALGORITHMS].find(([, known]) => known === algorithm) ?? [];
  return encodeJwsPart(
    canonicalJson({
      alg,
      cty: contentType,
      crit: expiry === undefined ? [ATTRIBUTE.scheme] : [ATTRIBUTE.scheme, ATTRIBUTE.expiry],
      [ATTRIBUTE.scheme]: 'notary.x509',
      [ATTRIBUTE.signingTime]: rfc3339(signingTime),
      ...(expiry === undefined ? {} : { [ATTRIBUTE.expiry]: rfc3339(expiry) }),
    }),
  );
}

export const encodeNotationJws = (input: {
  readonly protectedText: string;
  readonly payloadText: string;
  readonly signature: Uint8Array;
  readonly chain: readonly Uint8Array[];
  readonly timestampToken?: Uint8Array | undefined;
}): Uint8Array => {
  const { protectedText, payloadText, signature, chain, timestampToken } = input;
  const header = {
    x5c: chain.map(encodeBase64),
    [ATTRIBUTE.agent]: SIGNING_AGENT,
    ...(timestampToken === undefined ? {} : { [ATTRIBUTE.timestamp]: encodeBase64(timestampToken) }),
  };
  return encodeJws({ protectedText, payloadText, header, signature });
};
