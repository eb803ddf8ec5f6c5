import type { BlobReader, BlobWriter, CallOptions } from './ports.ts';

/**
 * Uploads a blob unless it is there: what every client should do, since the same small blobs (the empty configuration,
 * above all) belong to many manifests.
 */
export async function ensureBlob(
  registry: Pick<BlobReader, 'headBlob'> & Pick<BlobWriter, 'putBlob'>,
  to: Parameters<BlobWriter['putBlob']>[0],
  options?: CallOptions,
): Promise<'present' | 'uploaded'> {
  if ((await registry.headBlob(to, options))?.size === to.size) return 'present';
  await registry.putBlob(to, options);
  return 'uploaded';
}
