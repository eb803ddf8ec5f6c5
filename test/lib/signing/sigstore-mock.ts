import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  fulcioHandler,
  initializeCA,
  initializeCTLog,
  initializeTLog,
  initializeTSA,
  rekorHandler,
} from '@sigstore/mock';
import { childrenOf, readDer, readOid } from '../../../lib/formats/der/index.ts';

const base64 = (bytes: ArrayBufferView): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const body = async (init: RequestInit | undefined): Promise<Buffer> =>
  Buffer.from(await new Response(init?.body ?? '').arrayBuffer());

/** Rekor keeps hashes and signatures of what is proposed (its type `dsse`); the mock would keep the proposal itself. */
function canonicalEntry(text: string): string {
  const { kind, apiVersion, spec } = JSON.parse(text);
  if (kind !== 'dsse') return text;
  const { envelope, verifiers } = spec.proposedContent;
  const { payload, signatures } = JSON.parse(envelope);
  const hash = (content: Buffer) => ({
    algorithm: 'sha256',
    value: createHash('sha256').update(content).digest('hex'),
  });
  return JSON.stringify({
    kind,
    apiVersion,
    spec: {
      envelopeHash: hash(Buffer.from(envelope)),
      payloadHash: hash(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }: { sig: string }) => ({ signature: sig, verifier: verifiers[0] })),
    },
  });
}

/** The mock services of the Sigstore project as a `fetch`, with the trusted root that goes with them. */
export async function mockSigstore() {
  const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = { ct: keyPair(), ca: keyPair(), log: keyPair(), tsa: keyPair() };
  const ctLog = await initializeCTLog(keys.ct);
  const ca = await initializeCA(keys.ca, ctLog);
  const log = await initializeTLog('https://rekor.test', keys.log);
  const tsa = await initializeTSA(keys.tsa);
  // In whole seconds: of a fraction like .43, which is what DER makes of 430 ms, sigstore-js says "invalid time".
  Object.assign(tsa, { getCurrentTime: () => new Date(Math.floor(Date.now() / 1000) * 1000) });
  const handlers = [fulcioHandler(ca), rekorHandler(log)];

  /** RFC 3161 over HTTP, which the mock itself does not speak. */
  const timestamp = async (request: Uint8Array): Promise<Response> => {
    const [, imprint, nonce] = childrenOf(readDer(request));
    const [algorithm, hash] = childrenOf(imprint ?? readDer(request));
    const [oid] = childrenOf(algorithm ?? readDer(request));
    const answer = await tsa.timestamp({
      artifactHash: Buffer.from(hash?.content ?? ''),
      hashAlgorithmOID: readOid(oid),
      nonce: Number(BigInt(`0x${Buffer.from(nonce?.content ?? '').toString('hex')}`)),
      policyOID: '1.3.6.1.4.1.57264.2',
      certReq: true,
    });
    return new Response(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength), { status: 201 });
  };

  const send = (async (url: string, init?: RequestInit) => {
    const content = await body(init);
    if (url.endsWith('/api/v1/timestamp')) return timestamp(content);
    const handler = handlers.find(({ path }) => url.endsWith(path));
    if (handler === undefined) return new Response('not found', { status: 404 });
    const { statusCode, response } = await handler.fn(canonicalEntry(content.toString()));
    return new Response(typeof response === 'string' ? response : Buffer.from(base64(response), 'base64'), {
      status: statusCode,
    });
  }) as typeof fetch;

  const validFor = { start: '2020-01-01T00:00:00Z' };
  const logOf = (publicKey: Buffer, keyId: string) => ({
    baseUrl: 'https://rekor.test',
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: publicKey.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor },
    logId: { keyId },
  });
  const authority = (...certificates: readonly ArrayBufferView[]) => ({
    subject: { organization: 'test', commonName: 'test' },
    uri: 'https://test',
    certChain: { certificates: certificates.map((der) => ({ rawBytes: base64(der) })) },
    validFor,
  });
  const trustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [logOf(log.publicKey, createHash('sha256').update(log.publicKey).digest('base64'))],
    certificateAuthorities: [authority(ca.rootCertificate)],
    ctlogs: [logOf(ctLog.publicKey, base64(ctLog.logID))],
    timestampAuthorities: [authority(tsa.intCertificate, tsa.rootCertificate)],
  };
  const bytes = (view: ArrayBufferView) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return { send, trustedRoot, tsa: { root: bytes(tsa.rootCertificate), intermediate: bytes(tsa.intCertificate) } };
}

/** An identity token as an issuer would sign it; the mock looks at its claims alone. */
export function identityToken(claims: Readonly<Record<string, string>>): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part(claims)}.x`;
}
