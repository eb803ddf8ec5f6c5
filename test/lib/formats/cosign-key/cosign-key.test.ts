import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isCosignKey, openCosignKey, sealCosignKey } from '../../../../lib/formats/cosign-key/index.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = privateKey.export({ type: 'pkcs8', format: 'der' });

describe("cosign's private keys", () => {
  it('open with their password and no other', async () => {
    const sealed = await sealCosignKey(der, 'sesame');
    expect(isCosignKey(sealed)).toBe(true);
    expect(Buffer.from(await openCosignKey(sealed, 'sesame'))).toEqual(der);
    await expect(openCosignKey(sealed, 'Sesame')).rejects.toMatchObject({ code: 'key-locked' });
    const older = sealed.replaceAll('SIGSTORE', 'COSIGN');
    expect(Buffer.from(await openCosignKey(older, 'sesame'))).toEqual(der);
  });

  it('do not choose how much memory they take, nor another cipher', async () => {
    const block = (change: (document: Record<string, Record<string, unknown>>) => void) => {
      const document = {
        kdf: { name: 'scrypt', params: { N: 65536, r: 8, p: 1 }, salt: 'AAAA' },
        cipher: { name: 'nacl/secretbox', nonce: Buffer.alloc(24).toString('base64') },
        ciphertext: 'AAAA',
      };
      change(document as never);
      const body = Buffer.from(JSON.stringify(document)).toString('base64');
      return `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${body}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`;
    };
    const changes: readonly ((document: Record<string, Record<string, unknown>>) => void)[] = [
      (d) => Object.assign(d['kdf'] ?? {}, { params: { N: 2 ** 30, r: 8, p: 1 } }),
      (d) => Object.assign(d['kdf'] ?? {}, { params: { N: 65536, r: 8, p: 1000 } }),
      (d) => Object.assign(d['kdf'] ?? {}, { name: 'none' }),
      (d) => Object.assign(d['cipher'] ?? {}, { name: 'none' }),
      (d) => Object.assign(d['cipher'] ?? {}, { nonce: 'AAAA' }),
    ];
    for (const change of changes) {
      await expect(openCosignKey(block(change), '')).rejects.toMatchObject({ code: 'key-unusable' });
    }
    await expect(openCosignKey('nothing', '')).rejects.toMatchObject({ code: 'key-unusable' });
  });
});
