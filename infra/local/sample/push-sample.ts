import { createHttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { makeSampleImage } from './make-sample.ts';

export const SAMPLE = { repository: 'sample', tag: '1' } as const;

/** A registry of this machine, over plain HTTP and without login. */
export const localRegistry = (url: string): Registry =>
  createHttpRegistry({
    host: new URL(url).host,
    url: new URL(url),
    allowHosts: [],
    allowInsecure: true,
    allowPrivate: true,
    credentials: async () => ({ kind: 'anonymous' }),
  });

/** Pushes the sample image as any client would, and says under which digest. */
export async function pushSample(url: string): Promise<string> {
  const registry = localRegistry(url);
  const { blobs, manifest, mediaType } = await makeSampleImage();
  const { repository, tag } = SAMPLE;
  for (const { digest, bytes } of blobs) {
    await registry.putBlob({ repository, digest, size: bytes.length, content: bytes });
  }
  return (await registry.putManifest({ repository, reference: tag, mediaType, bytes: manifest.bytes })).digest;
}
