import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { GetPublicKeyCommand, type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { p256 } from '@noble/curves/nist.js';
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoSignatures } from '../../../lib/signing/adapters/dynamo-signatures.ts';
import { kmsSigner } from '../../../lib/signing/adapters/kms-signer.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import {
  createSignature,
  parseVerificationKey,
  type RecordedSignature,
  type SignatureStore,
} from '../../../lib/signing/index.ts';
import { startDynamo } from '../../support/dynamo.ts';
import { newKey } from './support.ts';

/** KMS as its API documents it: RAW of at most 4,096 bytes, or a digest of 32. */
function fakeKms(namedCurve = 'P-256') {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
  const scalar = Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url');
  const calls: string[] = [];
  const client = {
    send: async (command: unknown) => {
      if (command instanceof GetPublicKeyCommand) {
        calls.push('GetPublicKey');
        return { PublicKey: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
      }
      if (!(command instanceof SignCommand)) throw new Error('unexpected');
      const { Message = new Uint8Array(), MessageType, SigningAlgorithm } = command.input;
      calls.push(`Sign ${MessageType} ${SigningAlgorithm}`);
      if (MessageType === 'RAW') {
        if (Message.length > 4096) throw new Error('ValidationException');
        return { Signature: new Uint8Array(sign('sha256', Message, privateKey)) };
      }
      if (Message.length !== 32) throw new Error('ValidationException');
      return { Signature: p256.sign(Message, scalar, { prehash: false, format: 'der', lowS: false }) };
    },
  } as unknown as Pick<KMSClient, 'send'>;
  return { client, calls, publicKey };
}

describe('the KMS signer', () => {
  it.each([
    ['RAW', 4096],
    ['DIGEST', 4097],
    ['DIGEST', 100_000],
  ])('signs as %s a payload of %i bytes', async (type, length) => {
    const { client, calls, publicKey } = fakeKms();
    const payload = new Uint8Array(length).fill(7);
    const signature = await kmsSigner(client, 'alias/lading').sign(payload);
    expect(calls).toEqual(['GetPublicKey', `Sign ${type} ECDSA_SHA_256`]);
    expect(verify('sha256', payload, publicKey, signature)).toBe(true);
  });

  it('asks for the public key once, and again after a failure', async () => {
    const { client, calls, publicKey } = fakeKms();
    let fail = true;
    const flaky = {
      send: (command: GetPublicKeyCommand) => {
        if (!fail) return client.send(command);
        fail = false;
        return Promise.reject(new Error('throttled'));
      },
    } as unknown as Pick<KMSClient, 'send'>;
    const signer = kmsSigner(flaky, 'k');
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'signer-unavailable', retryable: true });
    const known = await signer.publicKey();
    expect(await signer.publicKey()).toBe(known);
    expect(calls).toEqual(['GetPublicKey']);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    expect(known).toEqual({
      algorithm: 'ecdsa-p256-sha256',
      pem: publicKey.export({ type: 'spki', format: 'pem' }),
      spki: new Uint8Array(spki),
      hint: createHash('sha256').update(spki).digest('base64'),
    });
  });

  it('refuses a key of another kind', async () => {
    const signer = kmsSigner(fakeKms('secp256k1').client, 'k');
    await expect(signer.publicKey()).rejects.toMatchObject({ code: 'key-unusable' });
  });
});

describe('the KMS signer with other keys', () => {
  /** As the Developer Guide documents the algorithms; ML-DSA's `EXTERNAL_MU` cannot be signed with Node. */
  function fakeOf(key: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) {
    const inputs: SignCommand['input'][] = [];
    const client = {
      send: async (command: unknown) => {
        if (command instanceof SignCommand) {
          inputs.push(command.input);
          const { Message = new Uint8Array(), SigningAlgorithm = '' } = command.input;
          const hash = SigningAlgorithm.startsWith('ML') ? undefined : `sha${SigningAlgorithm.slice(-3)}`;
          const pss = SigningAlgorithm.includes('PSS') ? { padding: 6, saltLength: -1 } : {};
          return { Signature: new Uint8Array(sign(hash, Message, { key: key.privateKey, ...pss })) };
        }
        return { PublicKey: new Uint8Array(key.publicKey.export({ type: 'spki', format: 'der' })) };
      },
    } as unknown as Pick<KMSClient, 'send'>;
    return { client, inputs };
  }
  const message = new TextEncoder().encode('message');

  it.each([
    ['ECDSA_SHA_384', undefined, () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ECDSA_SHA_512', undefined, () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['RSASSA_PKCS1_V1_5_SHA_256', undefined, () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['RSASSA_PSS_SHA_384', 'rsa-pss-sha384', () => generateKeyPairSync('rsa', { modulusLength: 3072 })],
    ['ML_DSA_SHAKE_256', undefined, () => generateKeyPairSync('ml-dsa-65')],
  ] as const)('asks for %s', async (name, algorithm, make) => {
    const key = make();
    const { client, inputs } = fakeOf(key);
    const signer = kmsSigner(client, 'k', algorithm);
    const signature = await signer.sign(message);
    expect(inputs).toMatchObject([{ SigningAlgorithm: name, MessageType: 'RAW' }]);
    const publicKey = await signer.publicKey();
    expect(parseVerificationKey(publicKey.spki).verifies(message, signature, publicKey.algorithm)).toBe(true);
  });

  it('gives KMS the value mu of what is too long for ML-DSA, as a second implementation computes it', async () => {
    const key = generateKeyPairSync('ml-dsa-65');
    const { client, inputs } = fakeOf(key);
    const long = new Uint8Array(5000).fill(1);
    await kmsSigner(client, 'k').sign(long);
    const [{ Message = new Uint8Array(), MessageType } = {}] = inputs;
    expect(MessageType).toBe('EXTERNAL_MU');
    expect(Message).toHaveLength(64);
    const { secretKey, publicKey } = ml_dsa65.keygen();
    const spki = key.publicKey.export({ type: 'spki', format: 'der' });
    const theirs = createPublicKey({
      key: Buffer.concat([spki.subarray(0, spki.length - publicKey.length), publicKey]),
      format: 'der',
      type: 'spki',
    });
    const other = fakeOf({ privateKey: key.privateKey, publicKey: theirs });
    await kmsSigner(other.client, 'k').sign(long);
    const mu = other.inputs[0]?.Message ?? new Uint8Array();
    const signature = ml_dsa65.internal.sign(mu, secretKey, { externalMu: true });
    expect(verify(undefined, long, theirs, signature)).toBe(true);
  });

  it('does not sign with what the key cannot do', async () => {
    const { client } = fakeOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    const signer = kmsSigner(client, 'k', 'rsa-pss-sha256');
    await expect(signer.sign(message)).rejects.toMatchObject({ code: 'key-unusable' });
  });
});

describe('the local signer', () => {
  it('signs with the key of the PEM block', async () => {
    const { pem, publicPem } = newKey();
    const signer = localSigner(pem);
    const payload = new TextEncoder().encode('x');
    expect(verify('sha256', payload, publicPem, await signer.sign(payload))).toBe(true);
    expect((await signer.publicKey()).pem).toBe(
      createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' }),
    );
  });

  it('refuses what is no key for signatures', () => {
    const dh = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => localSigner(dh)).toThrow(expect.objectContaining({ code: 'key-unusable' }));
    expect(() => localSigner('nonsense')).toThrow(expect.objectContaining({ code: 'key-unusable' }));
  });
});

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const kinds: Record<string, () => SignatureStore> = {
  memory: () => memorySignatures(),
  dynamodb: () => dynamoSignatures(dynamo.table),
};

describe.each(Object.entries(kinds))('the signature store (%s)', (kind, make) => {
  let count = 0;
  const make1 = async (signer = newKey().signer): Promise<RecordedSignature> => {
    const digest = `sha256:${String(count).padStart(64, '0')}` as const;
    const location = { registry: 'r.example', repository: kind, digest };
    return createSignature(
      signer,
      location,
      { mediaType: 'm/m', digest, size: 1 },
      new Date('2026-01-01T00:00:00.900Z'),
    );
  };

  it('keeps the first record, byte for byte', async () => {
    count++;
    const store = make();
    const { signer } = newKey();
    const [first, second] = [await make1(signer), await make1(signer)];
    expect(second.bundle).not.toEqual(first.bundle);
    expect(await store.get(first.subject, first.keyId)).toBeUndefined();
    expect(await store.record(first)).toBe('recorded');
    expect(await store.record(second)).toEqual(first);
    expect(await store.get(first.subject, first.keyId)).toEqual(first);
  });

  it('lets one of many who record at once win, and tells the others who', async () => {
    count++;
    const store = make();
    const { signer } = newKey();
    const all = await Promise.all(Array.from({ length: 10 }, () => make1(signer)));
    const answers = await Promise.all(all.map((one) => store.record(one)));
    expect(answers.filter((one) => one === 'recorded')).toHaveLength(1);
    const winner = all[answers.indexOf('recorded')];
    for (const answer of answers) if (answer !== 'recorded') expect(answer).toEqual(winner);
  });

  it('keeps signatures of different keys and repositories apart', async () => {
    count++;
    const store = make();
    const one = await make1();
    const otherKey = await make1();
    const elsewhere = { ...one, subject: { ...one.subject, repository: 'elsewhere' } };
    expect(await Promise.all([one, otherKey, elsewhere].map((s) => store.record(s)))).toEqual(
      Array(3).fill('recorded'),
    );
    expect(await store.get(elsewhere.subject, one.keyId)).toEqual(elsewhere);
  });
});
