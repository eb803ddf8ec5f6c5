import type { Digest } from '../core/digest.ts';
import { digestOf } from '../core/digest.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../formats/oci/index.ts';
import { ensureBlob, type Registry } from '../registry/index.ts';
import { DESIRED_STATE_TYPE } from './model.ts';

/** Of the only layer: the envelope, as it was signed. */
export const DESIRED_STATE_LAYER = 'application/vnd.lading.edge.desired-state.v1.dsse+json';

/**
 * Puts a signed state into the registry, where any client can pull it: under its number, and as `desired`. The same
 * bytes give the same manifest, so a retry is the same effect.
 *
 * @param tags those of a hub, where no others are named
 *
 * @throws LadingError see lib/registry/errors.ts
 */
export async function publishDesiredState(
  registry: Pick<Registry, 'headBlob' | 'putBlob' | 'putManifest'>,
  repository: string,
  state: { readonly envelope: Uint8Array; readonly generation: number; readonly createdAt: string },
  tags: readonly string[] = [`g${state.generation}`, 'desired'],
): Promise<{ readonly digest: Digest }> {
  const { envelope, generation, createdAt } = state;
  const layer = { mediaType: DESIRED_STATE_LAYER, digest: digestOf(envelope), size: envelope.length };
  const manifest = createArtifactManifest({
    artifactType: DESIRED_STATE_TYPE,
    layers: [layer],
    annotations: { 'org.opencontainers.image.created': createdAt, 'vnd.lading.edge.generation': String(generation) },
  });
  await ensureBlob(registry, { repository, ...EMPTY_BLOB.descriptor, content: EMPTY_BLOB.bytes });
  await ensureBlob(registry, { repository, ...layer, content: envelope });
  for (const reference of tags) {
    await registry.putManifest({ repository, reference, mediaType: manifest.mediaType, bytes: manifest.bytes });
  }
  return { digest: manifest.digest };
}
