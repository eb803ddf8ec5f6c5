import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { DocumentStore } from '../documents/index.ts';

/**
 * Documents as files of a folder that may go at any time. A document appears whole or not at all, whoever else writes
 * it. A folder that cannot be written or read (read-only, full) is one that has nothing: it costs time, not the work.
 */
export function cachedDocuments(folder: string): DocumentStore {
  const pathOf = (key: string): string => join(folder, ...key.split('/').map(toFileName));
  const write = async (key: string, content: Uint8Array, place: (from: string, to: string) => Promise<void>) => {
    const path = pathOf(key);
    const whole = `${path}.${randomUUID()}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(whole, content, { mode: 0o600 });
      await place(whole, path);
      return true;
    } catch {
      await rm(whole, { force: true }).catch(() => undefined);
      return false;
    }
  };
  return {
    get: async (key) => readFile(pathOf(key)).catch(() => undefined),
    put: async (key, content) => void (await write(key, content, rename)),
    // A link fails where there is a file, which a rename would replace.
    putIfAbsent: (key, content) =>
      write(key, content, async (from, to) => {
        await link(from, to);
        await rm(from, { force: true });
      }),
    async *list(prefix) {
      const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
      const keys = names
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .map((path) => path.split(sep).map(decodeURIComponent).join('/'));
      yield* keys.filter((key) => key.startsWith(prefix)).sort();
    },
    delete: async (key) => rm(pathOf(key), { force: true }),
  };
}

/** Reversible, and never a way out of the folder. */
const toFileName = (part: string): string =>
  encodeURIComponent(part).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length));
