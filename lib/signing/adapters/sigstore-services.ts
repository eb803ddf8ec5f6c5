import { z } from 'zod';
import { parseJsonStrict } from '../../core/json.ts';
import { parseCertificatePem } from '../../formats/x509/index.ts';
import { signingError } from '../errors.ts';
import type { CertificateAuthority, TransparencyLog } from '../keyless.ts';

type Send = typeof fetch;

const TIMEOUT_MS = 20_000;
const MAX_BYTES = 1024 * 1024;

/** Asks a Sigstore service, and answers what it said. @throws LadingError `identity-unavailable` */
async function ask(send: Send, url: string, body: unknown): Promise<unknown> {
  try {
    const response = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const content = new Uint8Array(await response.arrayBuffer());
    if (!response.ok) {
      const said = Buffer.from(content.subarray(0, 300)).toString('utf8');
      throw new Error(`it answered ${response.status}: ${said}`);
    }
    return parseJsonStrict(content, { maxBytes: MAX_BYTES, what: 'the answer' });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'no answer';
    throw signingError('identity-unavailable', `${url}: ${why}`, { cause });
  }
}

function read<T extends z.ZodType>(schema: T, value: unknown, url: string): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw signingError('identity-unavailable', `${url} answered something else: ${z.prettifyError(parsed.error)}`);
}

const chainSchema = z.object({ chain: z.object({ certificates: z.array(z.string()).min(1) }) });
const certificateAnswer = z.union([
  z.object({ signedCertificateEmbeddedSct: chainSchema }),
  z.object({ signedCertificateDetachedSct: chainSchema }),
]);

const claims = z.object({ sub: z.string().optional(), email: z.string().optional() });

/** What Fulcio wants signed: the e-mail address if the token has one, else the subject (Fulcio, docs/how-certificate-issuing-works.md). */
function challengeOf(token: string): Uint8Array {
  const [, payload = ''] = token.split('.');
  const parsed = claims.safeParse(parseJsonStrict(Buffer.from(payload, 'base64url'), { what: 'the identity token' }));
  const challenge = parsed.success ? (parsed.data.email ?? parsed.data.sub) : undefined;
  if (challenge !== undefined) return new TextEncoder().encode(challenge);
  throw signingError('identity-unavailable', 'the identity token names no subject');
}

/**
 * Fulcio (its API version 2).
 *
 * @param token of OpenID Connect, for the audience `sigstore`
 */
export const fulcio = (url: string, token: string, send: Send = fetch): CertificateAuthority => ({
  async issue(publicKeyPem, prove) {
    const endpoint = `${url.replace(/\/$/, '')}/api/v2/signingCert`;
    const proof = Buffer.from(prove(challengeOf(token))).toString('base64');
    const answer = await ask(send, endpoint, {
      credentials: { oidcIdentityToken: token },
      publicKeyRequest: { publicKey: { algorithm: 'ECDSA', content: publicKeyPem }, proofOfPossession: proof },
    });
    const parsed = read(certificateAnswer, answer, endpoint);
    const { chain } =
      'signedCertificateEmbeddedSct' in parsed
        ? parsed.signedCertificateEmbeddedSct
        : parsed.signedCertificateDetachedSct;
    return parseCertificatePem(chain.certificates.join('\n')).map(({ der }) => der);
  },
});

const count = z.number().int().min(0);
const logAnswer = z.record(
  z.string(),
  z.object({
    body: z.string(),
    integratedTime: count,
    logID: z.string().regex(/^[0-9a-f]+$/),
    logIndex: count,
    verification: z.object({
      signedEntryTimestamp: z.string(),
      inclusionProof: z
        .object({
          checkpoint: z.string(),
          hashes: z.array(z.string()),
          logIndex: count,
          rootHash: z.string(),
          treeSize: count,
        })
        .optional(),
    }),
  }),
);

const fromHex = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');

/** Rekor (its API version 1), with entries of the kind `dsse`. */
export const rekor = (url: string, send: Send = fetch): TransparencyLog => ({
  async record(envelope, certificate) {
    const endpoint = `${url.replace(/\/$/, '')}/api/v1/log/entries`;
    const body = Buffer.from(certificate)
      .toString('base64')
      .replace(/.{1,64}/g, '$&\n');
    const pem = `-----BEGIN CERTIFICATE-----\n${body}-----END CERTIFICATE-----\n`;
    const verifiers = [Buffer.from(pem).toString('base64')];
    const kind = { kind: 'dsse', version: '0.0.1' };
    const answer = await ask(send, endpoint, {
      apiVersion: kind.version,
      kind: kind.kind,
      spec: { proposedContent: { envelope, verifiers } },
    });
    const [entry] = Object.values(read(logAnswer, answer, endpoint));
    if (entry === undefined) throw signingError('identity-unavailable', `${endpoint} answered without an entry`);
    const { inclusionProof: proof, signedEntryTimestamp } = entry.verification;
    return {
      logIndex: String(entry.logIndex),
      logId: { keyId: fromHex(entry.logID) },
      kindVersion: kind,
      integratedTime: String(entry.integratedTime),
      inclusionPromise: { signedEntryTimestamp },
      ...(proof === undefined
        ? {}
        : {
            inclusionProof: {
              logIndex: String(proof.logIndex),
              rootHash: fromHex(proof.rootHash),
              treeSize: String(proof.treeSize),
              hashes: proof.hashes.map(fromHex),
              checkpoint: { envelope: proof.checkpoint },
            },
          }),
      canonicalizedBody: entry.body,
    };
  },
});
