import type { Digest } from '../../../lib/core/digest.ts';
import type { BlobFiles } from './blob-files.ts';
import { onDisk } from './space.ts';

/** Files under their digests, with the bytes of the disk that they take. A file counts from before it has its name. */
export interface CountedFiles extends BlobFiles {
  bytes(): number;
}

export async function countFiles(files: BlobFiles): Promise<CountedFiles> {
  const sizes = new Map<Digest, number>();
  let total = 0;
  const count = (digest: Digest, size: number): void => {
    total += onDisk(size) - onDisk(sizes.get(digest) ?? 0);
    sizes.set(digest, size);
  };
  for (const digest of await files.list()) count(digest, (await files.size(digest)) ?? 0);
  return {
    ...files,
    bytes: () => total,
    async adopt(temporary, handle, digest, size) {
      count(digest, size);
      await files.adopt(temporary, handle, digest, size);
    },
    async write(bytes, digest) {
      count(digest, bytes.length);
      await files.write(bytes, digest);
    },
    async remove(digest) {
      const freed = await files.remove(digest);
      total -= onDisk(sizes.get(digest) ?? 0);
      sizes.delete(digest);
      return freed;
    },
  };
}
