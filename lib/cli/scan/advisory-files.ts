import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { describeError, LadingError } from '../../core/errors.ts';
import {
  type AdvisorySource,
  AdvisorySourceError,
  type SourceFile,
  type SourceProblem,
} from '../../vulnerabilities/index.ts';
import { fromCaller } from '../connection.ts';

/** Files that are one source together: lists of records each by itself, single records by their folder. */
export interface AdvisoryFiles {
  readonly name: string;
  readonly files: readonly string[];
}

const ADVISORY_FILE = /\.(?:json|jsonl|ndjson|xml|csv|txt|tar)(?:\.gz|\.zst|\.bz2)?$|\.(?:zip|tgz)$/i;
const LIST_FILE = /\.(?:jsonl|ndjson|zip|xml|csv|txt|tar|tgz)(?:\.|$)/i;
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const MAX_FILES = 1_000_000;

/**
 * Finds the advisories of folders and files. Each list of records is a source of its own, so that one which holds
 * something else costs nothing but itself; so are the single records of one folder.
 *
 * @throws LadingError `advisories-missing`
 */
export async function findAdvisories(paths: readonly string[]): Promise<readonly AdvisoryFiles[]> {
  const groups = new Map<string, string[]>();
  for (const given of paths) {
    const path = fromCaller(given);
    const files = await listFiles(path, given);
    const top = files.length === 1 && files[0] === path ? dirname(path) : path;
    for (const file of files) {
      const within = relative(top, LIST_FILE.test(basename(file)) ? file : dirname(file)) || basename(top);
      const key = `${within}\0${top}`;
      groups.set(key, [...(groups.get(key) ?? []), file]);
    }
  }
  const names = [...groups.keys()].map((key) => key.split('\0') as [string, string]);
  const isUnique = (name: string): boolean => names.filter(([other]) => other === name).length === 1;
  const found = [...groups.values()].map((files, i) => {
    const [within, top] = names[i] as [string, string];
    return { name: isUnique(within) ? within : join(top, within), files };
  });
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function listFiles(path: string, given: string): Promise<readonly string[]> {
  const missing = (why: string, cause?: unknown): LadingError =>
    new LadingError('advisories-missing', `${given} ${why}`, {
      cause,
      hint: 'name a folder with advisories as their publishers give them (JSON, JSON lines, XML, CSV, text; plain, .gz, .zst, .bz2, .zip or .tar), or a file',
    });
  let files: string[];
  try {
    if ((await stat(path)).isFile()) return [path];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    files = entries
      .filter((entry) => entry.isFile() && ADVISORY_FILE.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (cause) {
    throw missing('cannot be read', cause);
  }
  if (files.length === 0) throw missing('holds no advisories');
  if (files.length > MAX_FILES) throw missing(`holds over ${MAX_FILES} files`);
  return files;
}

/** What is known of a file without reading it; another content has another one. */
async function fingerprint(files: readonly string[]): Promise<string> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeNs, ctimeNs, ino } = await stat(file, { bigint: true });
      return `${file} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
    }),
  );
  return parts.join('\n');
}

/** What could not be read the last time need not be read again while it is the same. */
export interface KnownFailures {
  find(name: string, validator: string): { readonly kind: SourceProblem; readonly message: string } | undefined;
}

/** Files as a source of advisories; its validator is the fingerprint's digest. */
export function filesSource(
  { name, files }: AdvisoryFiles,
  digest: (text: string) => string,
  failures: KnownFailures,
): AdvisorySource {
  return {
    name,
    scope: 'complete',
    async read(validator) {
      const now = digest(await attempt(name, () => fingerprint(files)));
      const failure = failures.find(name, now);
      if (failure !== undefined) throw new AdvisorySourceError(failure.kind, failure.message);
      return validator === now ? { kind: 'unchanged' } : { kind: 'files', files: contents(files), validator: now };
    },
  };
}

async function* contents(files: readonly string[]): AsyncGenerator<SourceFile> {
  for (const file of files) {
    const bytes = await attempt(file, async () => {
      const { size } = await stat(file);
      if (size > MAX_FILE_BYTES) throw new AdvisorySourceError('too-large', `${file} has over ${MAX_FILE_BYTES} bytes`);
      return readFile(file);
    });
    yield { path: file, bytes };
  }
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AdvisorySourceError) throw cause;
    throw new AdvisorySourceError('unreachable', `${what} cannot be read: ${describeError(cause)}`, cause);
  }
}
