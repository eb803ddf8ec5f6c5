import { OciError } from './errors.ts';

/** Room on the disk, asked for before anything is written. */
export interface Space {
  /**
   * Keeps so many bytes free until the returned function is called: when they are on the disk under their digest, or
   * will not come.
   *
   * @param wanted the image that they are for
   * @returns undefined where there is no room
   */
  take(bytes: number, wanted?: string): Promise<(() => void) | undefined>;
}

/** A disk without a budget: the file system says when it is full. */
export const anySpace: Space = { take: async () => () => undefined };

/** The smallest piece of the disk that a file takes. Those of ext4, xfs, APFS and NTFS as they are made by default. */
const BLOCK = 4096;
export const onDisk = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

/** @throws OciError 507 where there is no room */
export async function requireSpace(space: Space, bytes: number, wanted?: string): Promise<() => void> {
  const taken = await space.take(bytes, wanted);
  if (taken !== undefined) return taken;
  throw new OciError(
    507,
    'INSUFFICIENT_STORAGE',
    `${bytes} bytes do not fit into the disk budget of this registry: what is there is leased, in use or as large`,
  );
}
