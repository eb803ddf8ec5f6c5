import { constants, createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ReplicateKeyCommand,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KeySpec, type KmsService, openKmsService } from '../../../../../infra/local/services/kms/index.ts';
import { encodePss, matchesPss } from '../../../../../infra/local/services/kms/pss.ts';
import { kmsSigner } from '../../../../../lib/signing/adapters/kms-signer.ts';
import { credentialsOf, type ServiceServer, startServiceServer } from '../../../../support/service-server.ts';

const accountId = '000000000000';
const region = 'eu-central-1';
let directory: string;
let service: KmsService;
let server: ServiceServer;
let client: KMSClient;

const open = () => openKmsService({ directory, accountId });
const key = (keySpec: KeySpec, keyUsage: 'SIGN_VERIFY' | 'ENCRYPT_DECRYPT' = 'SIGN_VERIFY') =>
  service.createKey({ region, logicalId: `Key${keySpec}${keyUsage}`, keySpec, keyUsage });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lading-kms-'));
  service = await open();
  server = await startServiceServer({ services: [service] });
  client = new KMSClient({ region, endpoint: server.endpoint, credentials: credentialsOf(), maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

const publicKey = async (KeyId: string) => {
  const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId }));
  return createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' });
};

const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

describe('signing keys', () => {
  it.each([
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256', {}],
    ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384', {}],
    ['ECC_NIST_P521', 'ECDSA_SHA_512', 'sha512', {}],
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256', 'sha256', {}],
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512', {}],
    ['RSA_2048', 'RSASSA_PSS_SHA_256', 'sha256', pss],
    ['RSA_3072', 'RSASSA_PSS_SHA_384', 'sha384', pss],
    ['RSA_2048', 'RSASSA_PSS_SHA_512', 'sha512', pss],
  ] as const)('%s with %s: message and digest, checked by node:crypto and by Verify', async (spec, name, hash, how) => {
    const { keyId } = await key(spec);
    const trusted = await publicKey(keyId);
    const SigningAlgorithm: SigningAlgorithmSpec = name;
    for (let round = 0; round < 5; round++) {
      const Message = randomBytes(1 + round * 1000);
      const digest = createHash(hash).update(Message).digest();
      const raw = { KeyId: keyId, Message, SigningAlgorithm };
      const hashed = { KeyId: keyId, Message: digest, MessageType: 'DIGEST', SigningAlgorithm } as const;
      for (const input of [raw, hashed]) {
        const { Signature } = await client.send(new SignCommand(input));
        expect(verify(hash, Message, { key: trusted, ...how }, Buffer.from(Signature ?? []))).toBe(true);
        for (const checked of [raw, hashed]) {
          expect((await client.send(new VerifyCommand({ ...checked, Signature }))).SignatureValid).toBe(true);
        }
        const other = Buffer.concat([Message, Buffer.from('!')]);
        for (const checked of [
          { ...raw, Message: other },
          { ...hashed, Message: createHash(hash).update(other).digest() },
        ]) {
          await expect(client.send(new VerifyCommand({ ...checked, Signature }))).rejects.toMatchObject({
            name: 'KMSInvalidSignatureException',
          });
        }
        const bad = Buffer.from(Signature ?? []);
        bad[bad.length - 1] = (bad[bad.length - 1] ?? 0) ^ 1;
        for (const Signature of [bad, bad.subarray(1), Buffer.from('x')]) {
          for (const checked of [raw, hashed]) {
            await expect(client.send(new VerifyCommand({ ...checked, Signature }))).rejects.toMatchObject({
              name: 'KMSInvalidSignatureException',
            });
          }
        }
      }
    }
  });

  it.each([
    ['ML_DSA_44', 2420, 1334],
    ['ML_DSA_65', 3309, 1974],
    ['ML_DSA_87', 4627, 2614],
  ] as const)('%s signs messages', async (spec, signatureLength, publicLength) => {
    const { keyId } = await key(spec);
    const Message = randomBytes(4096);
    const input = { KeyId: keyId, Message, SigningAlgorithm: 'ML_DSA_SHAKE_256' } as const;
    const { Signature } = await client.send(new SignCommand(input));
    expect(Signature).toHaveLength(signatureLength);
    const trusted = await publicKey(keyId);
    expect(trusted.export({ type: 'spki', format: 'der' })).toHaveLength(publicLength);
    expect(verify(null, Message, trusted, Buffer.from(Signature ?? []))).toBe(true);
    expect((await client.send(new VerifyCommand({ ...input, Signature }))).SignatureValid).toBe(true);
    await expect(
      client.send(new SignCommand({ ...input, Message: randomBytes(32), MessageType: 'DIGEST' })),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: `Message type DIGEST is incompatible with key spec ${spec}.`,
    });
  });

  it.each(['ML_DSA_44', 'ML_DSA_65', 'ML_DSA_87'] as const)('%s signs a mu that was made elsewhere', async (spec) => {
    const { keyId } = await key(spec);
    const long = randomBytes(20_000);
    // The signer makes mu of what is too long for KMS; node:crypto, which makes its own, takes the signature.
    const Signature = await kmsSigner(client, keyId).sign(long);
    const trusted = await publicKey(keyId);
    expect(verify(null, long, trusted, Signature)).toBe(true);
    const input = { KeyId: keyId, SigningAlgorithm: 'ML_DSA_SHAKE_256', MessageType: 'EXTERNAL_MU' } as const;
    const Message = randomBytes(64);
    const made = await client.send(new SignCommand({ ...input, Message }));
    expect(
      (await client.send(new VerifyCommand({ ...input, Message, Signature: made.Signature }))).SignatureValid,
    ).toBe(true);
    await expect(
      client.send(new VerifyCommand({ ...input, Message: randomBytes(64), Signature: made.Signature })),
    ).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' });
    await expect(client.send(new SignCommand({ ...input, Message: randomBytes(63) }))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  it('refuse what KMS refuses', async () => {
    const { keyId, arn } = await key('ECC_NIST_P256');
    const sign = (more: object) =>
      client.send(
        new SignCommand({ KeyId: keyId, Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256', ...more }),
      );
    await expect(sign({ Message: randomBytes(4097) })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(sign({ MessageType: 'DIGEST' })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(sign({ SigningAlgorithm: 'ECDSA_SHA_384' })).rejects.toMatchObject({
      name: 'InvalidKeyUsageException',
    });
    await expect(sign({ KeyId: 'alias/none' })).rejects.toMatchObject({ name: 'NotFoundException' });
    await expect(sign({ KeyId: arn.replace(region, 'us-east-1') })).rejects.toMatchObject({
      name: 'NotFoundException',
    });
    await expect(sign({ DryRun: true })).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(client.send(new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('x') }))).rejects.toMatchObject({
      name: 'InvalidKeyUsageException',
      message: expect.stringContaining('not valid for Encrypt'),
    });
    await client.send(new DisableKeyCommand({ KeyId: keyId }));
    await expect(sign({})).rejects.toMatchObject({ name: 'DisabledException' });
    expect((await client.send(new DescribeKeyCommand({ KeyId: keyId }))).KeyMetadata?.KeyState).toBe('Disabled');
    await client.send(new EnableKeyCommand({ KeyId: keyId }));
    await sign({});
    await expect(
      client.send(new ReplicateKeyCommand({ KeyId: keyId, ReplicaRegion: 'us-east-1' })),
    ).rejects.toMatchObject({ name: 'UnknownOperationException' });
    await expect(
      service.createKey({ region, logicalId: 'Wrong', keySpec: 'ECC_NIST_P256', keyUsage: 'ENCRYPT_DECRYPT' }),
    ).rejects.toMatchObject({ code: 'key-invalid' });
  });
});

describe('PSS encoding', () => {
  it.each([2047, 2048, 3072])('of %d bits fits its digest, and nothing else does', (bits) => {
    const digest = createHash('sha256').update('x').digest();
    const encoded = encodePss('sha256', digest, bits);
    expect(encoded).toHaveLength(Math.ceil((bits - 1) / 8));
    expect(matchesPss('sha256', digest, encoded, bits)).toBe(true);
    expect(matchesPss('sha256', createHash('sha256').update('y').digest(), encoded, bits)).toBe(false);
    for (let at = 0; at < encoded.length; at++) {
      for (const bit of [1, 128]) {
        const bad = Buffer.from(encoded);
        bad[at] = (bad[at] ?? 0) ^ bit;
        expect(matchesPss('sha256', digest, bad, bits)).toBe(false);
      }
    }
  });
});

describe('encryption keys', () => {
  it('seal and open, bound to the context', async () => {
    const { keyId, arn } = await key('SYMMETRIC_DEFAULT', 'ENCRYPT_DECRYPT');
    const EncryptionContext = { a: '1', b: '2' };
    const Plaintext = Buffer.from('secret');
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId: keyId, Plaintext, EncryptionContext }));
    const opened = await client.send(new DecryptCommand({ CiphertextBlob, EncryptionContext: { b: '2', a: '1' } }));
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('secret');
    expect(opened.KeyId).toBe(arn);
    await expect(client.send(new DecryptCommand({ CiphertextBlob }))).rejects.toMatchObject({
      name: 'InvalidCiphertextException',
    });
    for (let at = 0; at < (CiphertextBlob?.length ?? 0); at++) {
      const bad = Buffer.from(CiphertextBlob ?? []);
      bad[at] = (bad[at] ?? 0) ^ 4;
      await expect(client.send(new DecryptCommand({ CiphertextBlob: bad, EncryptionContext }))).rejects.toMatchObject({
        name: 'InvalidCiphertextException',
      });
    }
    const data = await client.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256' }));
    expect(data.Plaintext).toHaveLength(32);
    const again = await client.send(new DecryptCommand({ CiphertextBlob: data.CiphertextBlob, KeyId: keyId }));
    expect(again.Plaintext).toEqual(data.Plaintext);
  });

  it('of RSA too', async () => {
    const { keyId } = await key('RSA_2048', 'ENCRYPT_DECRYPT');
    const EncryptionAlgorithm = 'RSAES_OAEP_SHA_256';
    const { CiphertextBlob } = await client.send(
      new EncryptCommand({ KeyId: keyId, Plaintext: Buffer.from('secret'), EncryptionAlgorithm }),
    );
    const opened = await client.send(new DecryptCommand({ KeyId: keyId, CiphertextBlob, EncryptionAlgorithm }));
    expect(Buffer.from(opened.Plaintext ?? []).toString()).toBe('secret');
    await expect(
      client.send(new EncryptCommand({ KeyId: keyId, Plaintext: randomBytes(300), EncryptionAlgorithm })),
    ).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('keys', () => {
  it('keep id and material over restarts, and an alias points to the latest', async () => {
    const declaration = {
      region,
      logicalId: 'Signer',
      keySpec: 'ECC_NIST_P256',
      keyUsage: 'SIGN_VERIFY',
      alias: 'lading',
    } as const;
    const first = await service.createKey(declaration);
    expect(await service.createKey(declaration)).toEqual(first);
    const before = (await publicKey('alias/lading')).export({ type: 'spki', format: 'pem' });
    const reopened = await open();
    expect(await reopened.createKey(declaration)).toEqual(first);
    const other = await startServiceServer({ services: [reopened] });
    const again = new KMSClient({ region, endpoint: other.endpoint, credentials: credentialsOf() });
    const { PublicKey } = await again.send(
      new GetPublicKeyCommand({ KeyId: `arn:aws:kms:${region}:${accountId}:alias/lading` }),
    );
    expect(
      createPublicKey({ key: Buffer.from(PublicKey ?? []), format: 'der', type: 'spki' }).export({
        type: 'spki',
        format: 'pem',
      }),
    ).toBe(before);
    const replaced = await reopened.createKey({ ...declaration, keySpec: 'ECC_NIST_P384' });
    expect(replaced.keyId).not.toBe(first.keyId);
    const described = await again.send(new DescribeKeyCommand({ KeyId: 'alias/lading' }));
    expect(described.KeyMetadata).toMatchObject({ KeyId: replaced.keyId, KeySpec: 'ECC_NIST_P384', Enabled: true });
    expect(described.KeyMetadata?.CreationDate?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    // The key that was replaced is still there for what it signed.
    await again.send(new GetPublicKeyCommand({ KeyId: first.keyId }));
    again.destroy();
    await other.stop();
    const file = join(directory, 'keys.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain('BEGIN PRIVATE KEY');
  });

  it('are listed page by page, each region its own', async () => {
    await service.createKey({
      region: 'us-east-1',
      logicalId: 'Far',
      keySpec: 'SYMMETRIC_DEFAULT',
      keyUsage: 'ENCRYPT_DECRYPT',
    });
    const seen: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await client.send(new ListKeysCommand({ Limit: 3, ...(Marker ? { Marker } : {}) }));
      seen.push(...(page.Keys ?? []).map(({ KeyId }) => KeyId));
      Marker = page.NextMarker;
    } while (Marker);
    const all = await client.send(new ListKeysCommand({}));
    expect(seen).toEqual(all.Keys?.map(({ KeyId }) => KeyId));
    expect(new Set(seen).size).toBe(seen.length);
    const { Aliases } = await client.send(new ListAliasesCommand({}));
    expect(Aliases?.map(({ AliasName }) => AliasName)).toEqual(['alias/lading']);
    await expect(client.send(new ListKeysCommand({ Marker: 'made-up' }))).rejects.toMatchObject({
      name: 'InvalidMarkerException',
    });
  });

  it('are what IAM is asked about, whatever they are called by', async () => {
    server.asked.length = 0;
    const { arn } = await key('ECC_NIST_P256');
    await service.createAlias({ region, alias: 'alias/other', keyId: arn.split('/')[1] ?? '' });
    await client.send(
      new SignCommand({ KeyId: 'alias/other', Message: Buffer.from('x'), SigningAlgorithm: 'ECDSA_SHA_256' }),
    );
    await client.send(new ListKeysCommand({}));
    expect(server.asked).toEqual([`kms:Sign ${arn}`, 'kms:ListKeys *']);
  });

  it('of a service seal what only it can open', async () => {
    const sealer = service.sealerFor('ssm');
    const context = { PARAMETER_ARN: 'arn' };
    const sealed = await sealer.seal(region, 'value', context);
    expect(await sealer.open(region, sealed, context)).toBe('value');
    await expect(sealer.open(region, sealed, {})).rejects.toMatchObject({ code: 'InvalidCiphertextException' });
    await expect(sealer.open('us-east-1', sealed, context)).rejects.toMatchObject({
      code: 'InvalidCiphertextException',
    });
  });
});
