import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import type { SeenVersions } from '../../signing/index.ts';
import { cacheFolder } from '../cache-folder.ts';

const MAX_FILES = 1000;
const MAX_BYTES = 16 * 1024 * 1024;

/** All files below a folder, by their paths within it. @throws LadingError `file-unreadable` */
export async function readFolder(folder: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  try {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      if (files.size >= MAX_FILES) throw new LadingError('file-unreadable', `${folder} has over ${MAX_FILES} files`);
      const content = await readFile(path);
      if (content.length <= MAX_BYTES) files.set(relative(folder, path).split(sep).join('/'), content);
    }
  } catch (cause) {
    if (cause instanceof LadingError) throw cause;
    throw new LadingError('file-unreadable', `the folder ${folder} cannot be read`, { cause });
  }
  return files;
}

const versions = z.object({
  root: z.number().optional(),
  timestamp: z.number().optional(),
  snapshot: z.number().optional(),
  targets: z.number().optional(),
});

/** What was seen of trust data on this machine: in the cache, whose loss costs the memory of what was newest. */
export function seenVersions() {
  const fileOf = (id: string): string => join(cacheFolder(), 'trust', `${id}.json`);
  return {
    async load(id: string): Promise<SeenVersions | undefined> {
      try {
        const parsed = versions.safeParse(JSON.parse(await readFile(fileOf(id), 'utf8')));
        if (!parsed.success) return undefined;
        return Object.fromEntries(Object.entries(parsed.data).filter(([, version]) => version !== undefined));
      } catch {
        return undefined;
      }
    },
    async save(id: string, seen: SeenVersions): Promise<void> {
      try {
        await mkdir(join(cacheFolder(), 'trust'), { recursive: true });
        await writeFile(fileOf(id), JSON.stringify(seen));
      } catch {
        // A read-only cache: then nothing is remembered, as the next run will find.
      }
    },
  };
}
