import { generateKeyPairSync } from 'node:crypto';
import type { Digest } from '../../../../lib/core/digest.ts';
import { type BundleImage, desiredContents, imageWithGraph, planBundle } from '../../../../lib/edge/bundle/index.ts';
import { layOutBundle } from '../../../../lib/edge/bundle/lay-out-bundle.ts';
import type { DesiredContents } from '../../../../lib/edge/bundle/model.ts';
import type { BundlePlan } from '../../../../lib/edge/bundle/plan-bundle.ts';
import type { BundleBytes } from '../../../../lib/edge/bundle/ports.ts';
import { openBundleFiles } from '../../../../lib/edge/bundle/read-bytes.ts';
import { streamBundle } from '../../../../lib/edge/bundle/stream-bundle.ts';
import { type DesiredState, sealDesiredState } from '../../../../lib/edge/index.ts';
import { isManifestType } from '../../../../lib/formats/oci/index.ts';
import { collectContent, type Registry } from '../../../../lib/registry/index.ts';
import { localSigner } from '../../../../lib/signing/adapters/local-signer.ts';
import { parseVerificationKey } from '../../../../lib/signing/index.ts';

export const NOW = new Date('2026-11-24T12:00:00Z');

export function hubKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { signer: localSigner(privateKey), key: parseVerificationKey(pem), pem };
}

export async function imagesOf(
  source: Registry,
  repository: string,
  tags: ReadonlyMap<string, Digest>,
): Promise<readonly BundleImage[]> {
  const images: BundleImage[] = [];
  for (const tag of tags.keys()) images.push((await imageWithGraph(source, { repository, reference: tag, tag })).image);
  return images;
}

export function stateOf(
  images: readonly BundleImage[],
  over: Partial<Pick<DesiredState, 'site' | 'generation' | 'expiresAt'>> = {},
): DesiredState {
  return {
    site: 'ship-7',
    generation: 3,
    createdAt: '2026-11-24T00:00:00Z',
    expiresAt: '2026-12-24T00:00:00Z',
    budgetBytes: 10_000_000,
    ...over,
    images: images.map(({ repository, digest, tags, parts }) => ({
      ...{ repository, digest, tags: [...tags] },
      bytes: parts.reduce((sum, { size }) => sum + size, 0),
      manifests: parts.filter(({ mediaType }) => isManifestType(mediaType)),
      blobs: parts.filter(({ mediaType }) => !isManifestType(mediaType)),
      ...{ reason: 'placed' as const, score: 1, terms: [] },
    })),
  };
}

export async function desiredOf(
  hub: ReturnType<typeof hubKey>,
  images: readonly BundleImage[],
  over?: Parameters<typeof stateOf>[1],
): Promise<DesiredContents> {
  const state = stateOf(images, over);
  return desiredContents(await sealDesiredState(hub.signer, state), state);
}

/** The whole archive in memory: only for tests. */
export async function archiveOf(source: Registry, plan: BundlePlan): Promise<Buffer> {
  return Buffer.from(await collectContent(streamBundle(layOutBundle(plan), source), 1e9));
}

export async function bundleOf(
  source: Registry,
  desired: DesiredContents,
  have: Iterable<Digest> = [],
): Promise<{ readonly plan: BundlePlan; readonly archive: Buffer }> {
  const plan = await planBundle(source, { desired }, new Set(have));
  return { plan, archive: await archiveOf(source, plan) };
}

export interface CountedBytes extends BundleBytes {
  readonly read: BundleBytes['read'];
  count(): number;
}

/** As files are read, counting what is. */
export async function inMemory(
  archive: Uint8Array,
  limit = Number.POSITIVE_INFINITY,
): Promise<BundleBytes & { count(): number }> {
  let count = 0;
  const bytes = await openBundleFiles({
    size: archive.length,
    next: 'the next volume',
    async *read(start, length) {
      for (let at = start; at < start + length; at += 1000) {
        const piece = archive.subarray(at, Math.min(at + 1000, start + length));
        count += piece.length;
        if (count > limit) throw new Error('pulled out');
        yield piece;
      }
    },
  });
  return { ...bytes, count: () => count };
}
