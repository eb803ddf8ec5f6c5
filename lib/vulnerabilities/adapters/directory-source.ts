import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { AdvisorySourceError } from '../errors.ts';
import type { SourceScope } from '../model.ts';
import type { AdvisorySource, SourceFile } from '../ports.ts';

const ADVISORY_FILE = /\.(?:json|jsonl|ndjson|xml|csv|txt|tar)(?:\.gz|\.zst|\.bz2)?$|\.(?:zip|tgz)$/i;
const MAX_FILE_BYTES = 512 * 1024 * 1024;

/** Advisory files of a folder and its subfolders, or the one file that the path names; other files are passed over. */
export function directorySource(
  name: string,
  path: string,
  options: { readonly scope?: SourceScope } = {},
): AdvisorySource {
  return {
    name,
    scope: options.scope ?? 'complete',
    read: async () => ({ kind: 'files', files: filesOf(path) }),
  };
}

async function* filesOf(path: string): AsyncGenerator<SourceFile> {
  for (const file of await listFiles(path)) {
    const bytes = await attempt(file, () => readCapped(file));
    yield { path: relative(path, file) || file, bytes };
  }
}

async function listFiles(path: string): Promise<readonly string[]> {
  return attempt(path, async () => {
    if ((await stat(path)).isFile()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() && ADVISORY_FILE.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  });
}

async function readCapped(file: string): Promise<Uint8Array> {
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) throw new AdvisorySourceError('too-large', `${file} has over ${MAX_FILE_BYTES} bytes`);
  return readFile(file);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AdvisorySourceError) throw cause;
    throw new AdvisorySourceError('unreachable', `${path} cannot be read`, cause);
  }
}
