import { generateKeyPairSync } from 'node:crypto';
import type { ImageLocation } from '../../../../lib/core/image-reference.ts';
import { parseCertificate } from '../../../../lib/formats/x509/index.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../../lib/registry/index.ts';
import { localSigner } from '../../../../lib/signing/adapters/local-signer.ts';
import {
  createAttestation,
  createSignature,
  type FetchedMaterial,
  fetchMaterial,
  parseNotationPolicy,
  parseVerificationKey,
  pushRecorded,
  type Requirement,
  type Signer,
  type SigningOptions,
  type TrustedKey,
  type TrustMaterial,
} from '../../../../lib/signing/index.ts';
import { pushImage } from '../support.ts';

export const NOW = new Date('2026-06-01T12:00:00Z');

export function makeKey(name: string, options: Partial<TrustedKey> = {}) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const trusted: TrustedKey = { name, key: parseVerificationKey(pem), ...options };
  return { signer: localSigner(privateKey), pem, trusted };
}

export const SIGNED: Requirement = { name: 'signed', kind: 'signature', threshold: 1 };

/** A trust policy for everything, with one authority in the store `ca:test`. */
export function notationTrust(
  authority: Uint8Array,
  change: Readonly<Record<string, unknown>> = {},
  stores: ReadonlyMap<string, readonly Uint8Array[]> = new Map(),
): NonNullable<TrustMaterial['notation']> {
  const policy = parseNotationPolicy({
    version: '1.0',
    trustPolicies: [
      {
        name: 'all',
        registryScopes: ['*'],
        signatureVerification: { level: 'strict' },
        trustStores: ['ca:test', ...stores.keys()],
        trustedIdentities: ['*'],
        ...change,
      },
    ],
  });
  const parsed = [...stores].map(([name, ders]) => [name, ders.map(parseCertificate)] as const);
  return { policy, stores: new Map([['ca:test', [parseCertificate(authority)]], ...parsed]) };
}

/** An image in a registry of its own, and what tests do with it. */
export async function newImage(repository = 'app', content = 'layer') {
  const registry = createMemoryRegistry();
  return openImage(registry, await pushImage(registry, repository, content));
}

export async function openImage(registry: Registry, at: ImageLocation) {
  const descriptor = await registry.headManifest({ repository: at.repository, reference: at.digest });
  if (descriptor === undefined) throw new Error('the image is not there');
  return {
    registry,
    at,
    descriptor,
    sign: async (signer: Signer, options: SigningOptions = {}, now = NOW) => {
      const signature = await createSignature(signer, at, descriptor, now, options);
      await pushRecorded(registry, signature);
      return signature;
    },
    attest: async (signer: Signer, predicateType: string, predicate: unknown, options: SigningOptions = {}) => {
      const made = await createAttestation(signer, at, descriptor, { predicateType, predicate }, NOW, options);
      await pushRecorded(registry, made);
      return made;
    },
    fetch: async (): Promise<FetchedMaterial> => {
      const material = await fetchMaterial(registry, at);
      if (material === undefined) throw new Error('the image is gone');
      return material;
    },
  };
}
