import { beforeAll, describe, expect, it } from 'vitest';
import { parseCertificate } from '../../../lib/formats/x509/index.ts';
import { httpTimestamper } from '../../../lib/signing/adapters/http-timestamper.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import { fulcio, rekor } from '../../../lib/signing/adapters/sigstore-services.ts';
import { sigstoreVerifier } from '../../../lib/signing/adapters/sigstore-verifier.ts';
import {
  COSIGN_SIGN_PREDICATE,
  createKeylessAttestation,
  pushRecorded,
  type TrustMaterial,
  verify,
} from '../../../lib/signing/index.ts';
import { makeChain } from '../../support/certificates.ts';
import { identityToken, mockSigstore } from './sigstore-mock.ts';
import { makeKey, NOW, newImage, notationTrust, SIGNED } from './verify/material.ts';

const ISSUER = 'https://issuer.example';
const token = identityToken({ sub: 'build@example.com', iss: ISSUER });
let services: Awaited<ReturnType<typeof mockSigstore>>;
beforeAll(async () => {
  services = await mockSigstore();
});

/** A nonce that the mock, which takes it for a number, gives back unchanged. */
const nonce = (): Uint8Array => Uint8Array.of(0x40, 0, 0, 1);
const timestamper = () => httpTimestamper('https://tsa.test/api/v1/timestamp', { send: services.send, nonce });

const trustOf = (
  identity = 'build@example.com',
  issuer = ISSUER,
  root: unknown = services.trustedRoot,
): TrustMaterial => ({
  keys: [],
  keyless: { verifier: sigstoreVerifier(root), identities: [{ name: 'build', identity, issuer }] },
});

async function signKeyless(withTimestamp = false, predicateType = COSIGN_SIGN_PREDICATE) {
  const image = await newImage();
  const ports = {
    authority: fulcio('https://fulcio.test', token, services.send),
    log: rekor('https://rekor.test/', services.send),
    timestamper: withTimestamp ? timestamper() : undefined,
  };
  const statement = { predicateType, predicate: {} };
  await pushRecorded(image.registry, await createKeylessAttestation(ports, image.at, image.descriptor, statement, NOW));
  return { image, material: await image.fetch() };
}

describe('keyless signatures', () => {
  it.each([false, true])('verify by certificate, log and trusted root (timestamp: %s)', async (withTimestamp) => {
    const { material } = await signKeyless(withTimestamp);
    const result = verify(material, trustOf(), [{ ...SIGNED, by: ['build'] }], new Date());
    expect(result).toMatchObject({
      trusted: true,
      proofs: [{ signer: { kind: 'certificate', name: 'build', subject: 'build@example.com', issuer: ISSUER } }],
    });
    expect(Math.abs(Date.parse(result.proofs[0]?.signedAt ?? '') - Date.now())).toBeLessThan(3600_000);
    expect(verify(material, trustOf('*@example.com'), [SIGNED], new Date()).trusted).toBe(true);
  });

  it('are attestations as well', async () => {
    const { material } = await signKeyless(false, 'https://example.com/p');
    const asked = { name: 'p', kind: 'attestation', predicateType: 'https://example.com/p', threshold: 1 } as const;
    expect(verify(material, trustOf(), [asked], new Date()).trusted).toBe(true);
    expect(verify(material, trustOf(), [SIGNED], new Date()).trusted).toBe(false);
  });

  it('are refused for another identity, issuer or root, and without a log entry that holds', async () => {
    const { material } = await signKeyless();
    const other = await mockSigstore();
    const reasonOf = (trust: TrustMaterial, given = material) => {
      const result = verify(given, trust, [SIGNED], new Date());
      expect(result.trusted).toBe(false);
      return result.rejections[0]?.reason;
    };
    expect(reasonOf(trustOf('someone@example.com'))).toBe('identity-differs');
    expect(reasonOf(trustOf('*', 'https://other.example'))).toBe('identity-differs');
    expect(reasonOf(trustOf(undefined, undefined, other.trustedRoot))).toBe('chain-untrusted');
    const edit = (change: (bundle: Record<string, never>) => void) => ({
      ...material,
      artifacts: material.artifacts.map((one) => {
        const bundle = JSON.parse(Buffer.from(one.content).toString());
        change(bundle);
        return { ...one, content: new TextEncoder().encode(JSON.stringify(bundle)) };
      }),
    });
    const entry = (bundle: unknown) =>
      (bundle as { verificationMaterial: { tlogEntries: Record<string, unknown>[] } }).verificationMaterial;
    const without = edit((bundle) => {
      entry(bundle).tlogEntries = [];
    });
    // Without the log nobody says when it was signed.
    expect(reasonOf(trustOf(), without)).toBe('timestamp-invalid');
    const later = edit((bundle) => {
      const [first] = entry(bundle).tlogEntries;
      if (first) first['integratedTime'] = String(Number(first['integratedTime']) + 1);
    });
    expect(reasonOf(trustOf(), later)).toBe('log-invalid');
    const body = edit((bundle) => {
      const { dsseEnvelope } = bundle as unknown as { dsseEnvelope: { payload: string } };
      dsseEnvelope.payload = Buffer.from(
        Buffer.from(dsseEnvelope.payload, 'base64').toString().replace('"predicate":{}', '"predicate":{"a":1}'),
      ).toString('base64');
    });
    expect(['log-invalid', 'signature-invalid']).toContain(reasonOf(trustOf(), body));
  });

  it('need services that answer', async () => {
    const image = await newImage();
    const dead = (async () => new Response('busy', { status: 503 })) as unknown as typeof fetch;
    const statement = { predicateType: COSIGN_SIGN_PREDICATE, predicate: {} };
    const ports = { authority: fulcio('https://fulcio.test', token, dead), log: rekor('https://rekor.test', dead) };
    await expect(createKeylessAttestation(ports, image.at, image.descriptor, statement, NOW)).rejects.toMatchObject({
      code: 'identity-unavailable',
      retryable: true,
    });
    const noLog = {
      authority: fulcio('https://fulcio.test', token, services.send),
      log: rekor('https://r.test', dead),
    };
    await expect(createKeylessAttestation(noLog, image.at, image.descriptor, statement, NOW)).rejects.toMatchObject({
      code: 'identity-unavailable',
    });
    expect(() => sigstoreVerifier({ tlogs: 7 })).toThrow(expect.objectContaining({ code: 'trust-invalid' }));
  });
});

describe('timestamps', () => {
  const authorities = () => [parseCertificate(services.tsa.root), parseCertificate(services.tsa.intermediate)];

  it('let a signature count that a key made before it expired', async () => {
    const image = await newImage();
    const soon = new Date(Date.now() + 3600_000);
    const key = makeKey('old', { notAfter: soon });
    await image.sign(key.signer, { timestamper: timestamper() });
    const later = new Date(Date.now() + 7200_000);
    const material = await image.fetch();
    const trust = { keys: [key.trusted] };
    expect(verify(material, trust, [SIGNED], later).rejections).toMatchObject([{ reason: 'key-expired' }]);
    const believing = { ...trust, timestampAuthorities: authorities() };
    expect(verify(material, believing, [SIGNED], later)).toMatchObject({ trusted: true });
    const stolen = { ...believing, keys: [{ ...key.trusted, revoked: { reason: 'stolen' } }] };
    expect(verify(material, stolen, [SIGNED], later).rejections).toMatchObject([{ reason: 'key-revoked' }]);
  });

  it.each(['notation-jws', 'notation-cose'] as const)('count for Notary Project (%s)', async (format) => {
    const image = await newImage();
    const soon = new Date(Date.now() + 3600_000);
    const { authority, signer, chain } = makeChain({ notAfter: soon });
    const options = { format, certificates: chain, timestamper: timestamper() };
    await image.sign(localSigner(signer.privateKey), options, new Date());
    const material = await image.fetch();
    const later = new Date(Date.now() + 7200_000);
    const without = { keys: [], notation: notationTrust(authority.der) };
    expect(verify(material, without, [SIGNED], later).rejections).toMatchObject([{ reason: 'certificate-expired' }]);
    const stores = new Map([['tsa:test', authorities().map(({ der }) => der)]]);
    const believing = { keys: [], notation: notationTrust(authority.der, {}, stores) };
    expect(verify(material, believing, [SIGNED], later)).toMatchObject({ trusted: true });
    const others = await mockSigstore();
    const stranger = new Map([['tsa:test', [others.tsa.root, others.tsa.intermediate]]]);
    const doubting = { keys: [], notation: notationTrust(authority.der, {}, stranger) };
    expect(verify(material, doubting, [SIGNED], later).rejections).toMatchObject([{ reason: 'timestamp-invalid' }]);
  });

  it('are about this very signature and question', async () => {
    const image = await newImage();
    const key = makeKey('k', { notAfter: new Date(0) });
    const answer = await timestamper().timestamp(new TextEncoder().encode('something else'), 'sha256');
    await image.sign(key.signer, { timestamper: { timestamp: async () => answer } });
    const trust = { keys: [key.trusted], timestampAuthorities: authorities() };
    expect(verify(await image.fetch(), trust, [SIGNED], NOW).rejections).toMatchObject([{ reason: 'key-expired' }]);
    const replayed = httpTimestamper('https://tsa.test', {
      send: (async () => new Response(Buffer.from(answer))) as unknown as typeof fetch,
    });
    await expect(replayed.timestamp(new Uint8Array(4), 'sha256')).rejects.toMatchObject({
      code: 'timestamp-unavailable',
    });
    await expect(
      httpTimestamper('https://tsa.test', {
        send: (async () => new Response('no', { status: 500 })) as unknown as typeof fetch,
      }).timestamp(new Uint8Array(4), 'sha256'),
    ).rejects.toMatchObject({ code: 'timestamp-unavailable', retryable: true });
  });
});
