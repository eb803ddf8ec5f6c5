import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { collectContent } from '../../verify-content.ts';
import { type ReadFileOptions, readFile } from './read-file.ts';

/** The files of a layout or archive, by path with `/`, wherever they are kept. */
export interface LayoutFiles {
  /** For messages: `layout "images"`, `archive "image.tar"`. */
  readonly name: string;
  /** `undefined` where there is no regular file: links and devices are not followed out of a folder of strangers. */
  sizeOf(path: string): Promise<number | undefined>;
  /** @throws what the file system throws */
  open(path: string, options?: ReadFileOptions): AsyncIterable<Uint8Array>;
}

export function directoryFiles(directory: string): LayoutFiles {
  return {
    name: `layout "${directory}"`,
    async sizeOf(path) {
      try {
        const stat = await lstat(join(directory, path));
        return stat.isFile() ? stat.size : undefined;
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    open: (path, options) => readFile(join(directory, path), options),
  };
}

const isMissing = (error: unknown): boolean => {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
};

/** @throws LimitExceededError over `limit` bytes */
export async function readWhole(files: LayoutFiles, path: string, limit: number): Promise<Uint8Array | undefined> {
  if ((await files.sizeOf(path)) === undefined) return undefined;
  return collectContent(files.open(path), limit, `${path} of ${files.name}`);
}

export async function isEmptyOrMissing(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).length === 0;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}
