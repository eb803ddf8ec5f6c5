import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

export const keySpec = z.enum([
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'SYMMETRIC_DEFAULT',
]);
export type KeySpec = z.infer<typeof keySpec>;

export const keyUsage = z.enum(['SIGN_VERIFY', 'ENCRYPT_DECRYPT']);
export type KeyUsage = z.infer<typeof keyUsage>;

export type Hash = 'sha256' | 'sha384' | 'sha512';

/** A signing algorithm of KMS (Developer Guide, "Key spec reference"). */
export type SigningAlgorithm =
  | { readonly name: string; readonly kind: 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss'; readonly hash: Hash }
  | { readonly name: string; readonly kind: 'ml-dsa' };

const RSA_SIGNING: readonly SigningAlgorithm[] = (['sha256', 'sha384', 'sha512'] as const).flatMap((hash) => {
  const bits = hash.slice(3);
  return [
    { name: `RSASSA_PSS_SHA_${bits}`, kind: 'rsa-pss', hash } as const,
    { name: `RSASSA_PKCS1_V1_5_SHA_${bits}`, kind: 'rsa-pkcs1', hash } as const,
  ];
});

export function signingAlgorithms(spec: KeySpec): readonly SigningAlgorithm[] {
  switch (spec) {
    case 'ECC_NIST_P256':
      return [{ name: 'ECDSA_SHA_256', kind: 'ecdsa', hash: 'sha256' }];
    case 'ECC_NIST_P384':
      return [{ name: 'ECDSA_SHA_384', kind: 'ecdsa', hash: 'sha384' }];
    case 'ECC_NIST_P521':
      return [{ name: 'ECDSA_SHA_512', kind: 'ecdsa', hash: 'sha512' }];
    case 'RSA_2048':
    case 'RSA_3072':
    case 'RSA_4096':
      return RSA_SIGNING;
    case 'ML_DSA_44':
    case 'ML_DSA_65':
    case 'ML_DSA_87':
      return [{ name: 'ML_DSA_SHAKE_256', kind: 'ml-dsa' }];
    case 'SYMMETRIC_DEFAULT':
      return [];
  }
}

export function encryptionAlgorithms(spec: KeySpec): readonly string[] {
  if (spec === 'SYMMETRIC_DEFAULT') return ['SYMMETRIC_DEFAULT'];
  return spec.startsWith('RSA_') ? ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'] : [];
}

/** What a key of a spec can be for; only RSA leaves a choice. */
export function allowsUsage(spec: KeySpec, usage: KeyUsage): boolean {
  return usage === 'SIGN_VERIFY' ? signingAlgorithms(spec).length > 0 : encryptionAlgorithms(spec).length > 0;
}

/** New key material: PKCS #8 in PEM, or 32 bytes in Base64 for the symmetric spec. */
export function generateMaterial(spec: KeySpec): string {
  switch (spec) {
    case 'SYMMETRIC_DEFAULT':
      return randomBytes(32).toString('base64');
    case 'ECC_NIST_P256':
    case 'ECC_NIST_P384':
    case 'ECC_NIST_P521': {
      const namedCurve = `P-${spec.slice(-3)}`;
      return generateKeyPairSync('ec', { namedCurve, privateKeyEncoding: PEM, publicKeyEncoding: SPKI }).privateKey;
    }
    case 'RSA_2048':
    case 'RSA_3072':
    case 'RSA_4096': {
      const modulusLength = Number(spec.slice(4));
      return generateKeyPairSync('rsa', { modulusLength, privateKeyEncoding: PEM, publicKeyEncoding: SPKI }).privateKey;
    }
    case 'ML_DSA_44':
      return generateKeyPairSync('ml-dsa-44').privateKey.export(PEM).toString();
    case 'ML_DSA_65':
      return generateKeyPairSync('ml-dsa-65').privateKey.export(PEM).toString();
    case 'ML_DSA_87':
      return generateKeyPairSync('ml-dsa-87').privateKey.export(PEM).toString();
  }
}

const PEM = { type: 'pkcs8', format: 'pem' } as const;
const SPKI = { type: 'spki', format: 'pem' } as const;
