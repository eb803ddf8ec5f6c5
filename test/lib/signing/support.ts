import { generateKeyPairSync } from 'node:crypto';
import { digestOf } from '../../../lib/core/digest.ts';
import type { ImageLocation } from '../../../lib/core/image-reference.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';

export function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { pem, publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(), signer: localSigner(pem) };
}

/** Pushes a small artifact that stands for an image, and says where it is. */
export async function pushImage(registry: Registry, repository = 'app', content = 'layer'): Promise<ImageLocation> {
  const bytes = new TextEncoder().encode(content);
  const layer = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size: bytes.length };
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository, digest, size, content: EMPTY_BLOB.bytes });
  await registry.putBlob({ repository, digest: layer.digest, size: layer.size, content: bytes });
  const manifest = createArtifactManifest({ artifactType: 'application/vnd.example', layers: [layer] });
  await registry.putManifest({ repository, reference: 'latest', mediaType: manifest.mediaType, bytes: manifest.bytes });
  return { registry: registry.host, repository, digest: manifest.digest };
}
