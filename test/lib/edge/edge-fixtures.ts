import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { edgeConfigSchema } from '../../../lib/edge/config.ts';
import type { EdgeBlob, EdgeSite, SiteReport } from '../../../lib/edge/index.ts';
import { heldRoot } from '../../../lib/edge/index.ts';
import type { Candidate } from '../../../lib/edge/placement/model.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import type { Signer } from '../../../lib/signing/index.ts';

export const NOW = '2026-03-01T12:00:00.000Z';
export const edgeConfig = edgeConfigSchema.parse({ enabled: true });

export interface TestKey {
  readonly key: KeyObject;
  readonly pem: string;
  readonly signer: Signer;
}

export function makeKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey,
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    signer: localSigner(privateKey),
  };
}

export const siteOf = (name: string, publicKeyPem: string, more: Partial<EdgeSite> = {}): EdgeSite => ({
  ...{ name, publicKeyPem, budgetBytes: 1_000_000, registeredAt: NOW },
  link: { bytesPerSecond: 1_000_000, costPerGiB: 0, connected: true },
  scope: { repositories: ['**'] },
  ...{ pins: [], bans: [], deadlines: [] },
  ...more,
});

export const blobOf = (name: string, size: number): EdgeBlob => ({
  ...{ digest: digestOf(name), size, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
});

/** An image with a manifest of 100 bytes and these layers, by name and size. */
export function candidateOf(
  name: string,
  layers: readonly (readonly [string, number])[],
  more: Partial<Candidate> = {},
): Candidate {
  const manifest = { ...blobOf(`manifest ${name}`, 100), mediaType: 'application/vnd.oci.image.manifest.v1+json' };
  return {
    ...{ repository: name, tags: ['1'], digest: manifest.digest, manifests: [manifest] },
    blobs: layers.map(([layer, size]) => blobOf(layer, size)),
    allowed: true,
    content: { artifactClass: 'image', platforms: ['linux/amd64'], labels: new Map(), signed: true, sizeBytes: 0 },
    signals: { pushedAt: NOW },
    ...more,
  };
}

export const nothingKnown = {
  held: new Set<Digest>(),
  inUse: new Set<Digest>(),
  pullsPerDay: new Map<string, number>(),
  before: new Set<string>(),
};

export function reportOf(
  site: string,
  images: readonly { readonly repository: string; readonly digest: Digest; readonly tags: string[] }[],
  more: Partial<SiteReport> = {},
): SiteReport {
  return {
    ...{ site, sequence: 1, generation: 1, at: NOW, merkleRoot: heldRoot(images), images: [...images] },
    ...{ bytes: 10, budgetBytes: 1_000_000, held: [], evicted: [], missing: [], pulls: [], inUse: [] },
    ...more,
  };
}
