import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { preAuthEncoding } from '../../../lib/formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../../../lib/formats/intoto/index.ts';
import { encodeKeyBundle } from '../../../lib/formats/sigstore-bundle/index.ts';
import {
  COSIGN_SIGN_PREDICATE,
  createSignature,
  parseVerificationKey,
  verifyBundle,
} from '../../../lib/signing/index.ts';
import { newKey } from './support.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const other = `sha256:${'b'.repeat(64)}` as const;
const image = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 3 };
const ours = newKey();
const key = parseVerificationKey(ours.publicPem);

/** A properly signed bundle over any payload. */
async function signed(payload: Uint8Array, payloadType = IN_TOTO_PAYLOAD_TYPE): Promise<Uint8Array> {
  const sig = await ours.signer.sign(preAuthEncoding(payloadType, payload));
  return encodeKeyBundle({ hint: key.keyId, envelope: { payloadType, payload, signatures: [{ sig }] } });
}

const faultOf = (verdict: ReturnType<typeof verifyBundle>) => (verdict.kind === 'valid' ? 'valid' : verdict.fault);

describe('verifying a bundle', () => {
  let bundle: Uint8Array;
  beforeAll(async () => {
    const location = { registry: 'r.example', repository: 'app', digest };
    bundle = (await createSignature(ours.signer, location, image, new Date(0))).bundle;
  });

  it('accepts a signature of this image by one of the keys', () => {
    expect(verifyBundle(bundle, [key], digest)).toMatchObject({ kind: 'valid', keyId: key.keyId });
    const many = [parseVerificationKey(newKey().publicPem), key];
    expect(verifyBundle(bundle, many, digest)).toMatchObject({ kind: 'valid', keyId: key.keyId });
  });

  it('refuses another image, another key, no key', () => {
    expect(faultOf(verifyBundle(bundle, [key], other))).toBe('subject-differs');
    expect(faultOf(verifyBundle(bundle, [parseVerificationKey(newKey().publicPem)], digest))).toBe('signature-invalid');
    expect(faultOf(verifyBundle(bundle, [], digest))).toBe('signature-invalid');
  });

  it('does not believe the hint', async () => {
    const text = Buffer.from(bundle).toString('utf8');
    const renamed = Buffer.from(text.replace(key.keyId, 'someone else'));
    expect(faultOf(verifyBundle(renamed, [key], digest))).toBe('valid');
    const foreign = newKey();
    const payload = encodeStatement({ subject: [{ digest }], predicateType: COSIGN_SIGN_PREDICATE, predicate: {} });
    const sig = await foreign.signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
    const posing = encodeKeyBundle({
      hint: key.keyId,
      envelope: { payloadType: IN_TOTO_PAYLOAD_TYPE, payload, signatures: [{ sig }] },
    });
    expect(faultOf(verifyBundle(posing, [key], digest))).toBe('signature-invalid');
  });

  it('refuses a true statement of another kind, and one that cannot be read', async () => {
    const attestation = encodeStatement({
      subject: [{ digest }],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {},
    });
    expect(faultOf(verifyBundle(await signed(attestation), [key], digest))).toBe('predicate-differs');
    expect(faultOf(verifyBundle(await signed(attestation), [key], digest, 'https://slsa.dev/provenance/v1'))).toBe(
      'valid',
    );
    expect(faultOf(verifyBundle(await signed(Buffer.from('{}')), [key], digest))).toBe('statement-unreadable');
    expect(faultOf(verifyBundle(await signed(Buffer.from('{'), 'text/plain'), [key], digest))).toBe('not-a-statement');
  });

  it('refuses a bundle over 4 MiB without reading it', () => {
    expect(faultOf(verifyBundle(new Uint8Array(4 * 1024 * 1024 + 1), [key], digest))).toBe('too-large');
  });

  it('survives every change of a byte: never valid, never an exception', () => {
    const position = fc.integer({ min: 0, max: bundle.length - 1 });
    fc.assert(
      fc.property(position, fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = new Uint8Array(bundle);
        changed[at] = (changed[at] as number) ^ flip;
        const text = Buffer.from(changed).toString('utf8');
        const verdict = verifyBundle(changed, [key], digest);
        // Hint and member names that nothing depends on may change; what was signed may not.
        if (verdict.kind === 'valid') {
          const before = JSON.parse(Buffer.from(bundle).toString('utf8'));
          expect(JSON.parse(text).dsseEnvelope.payload).toBe(before.dsseEnvelope.payload);
        }
      }),
      { numRuns: 600 },
    );
  });

  it('survives anything at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (given) => {
          expect(verifyBundle(given, [key], digest).kind).toBe('invalid');
        },
      ),
    );
  });
});

describe('keys', () => {
  const spki = { type: 'spki', format: 'pem' } as const;
  const pairs = {
    'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    Ed25519: generateKeyPairSync('ed25519'),
    'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }),
    'ML-DSA-65': generateKeyPairSync('ml-dsa-65'),
  };
  const hashes: Record<string, string> = {
    'P-256': 'sha256',
    'P-384': 'sha384',
    'P-521': 'sha512',
    'RSA 2048': 'sha256',
  };

  it.each(Object.entries(pairs))('verifies with %s', (name, { privateKey, publicKey }) => {
    const verifier = parseVerificationKey(publicKey.export(spki).toString());
    const signature = sign(hashes[name], Buffer.from('message'), privateKey);
    expect(verifier.verifies(Buffer.from('message'), signature)).toBe(true);
    expect(verifier.verifies(Buffer.from('massage'), signature)).toBe(false);
    expect(verifier.verifies(Buffer.from('message'), new Uint8Array())).toBe(false);
    expect(verifier.keyId).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it.each([
    ['a short RSA key', generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(spki).toString()],
    ['a key for agreement', generateKeyPairSync('x25519').publicKey.export(spki).toString()],
    [
      'a curve of another world',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export(spki).toString(),
    ],
    ['no key', 'hello'],
  ])('refuses %s', (_what, pem) => {
    expect(() => parseVerificationKey(pem)).toThrow(expect.objectContaining({ code: 'key-unusable' }));
  });
});
