import { readFile } from 'node:fs/promises';
import { basename, sep } from 'node:path';
import type { DocumentStore } from '../documents/index.ts';
import { findAdvisories } from './scan/advisory-files.ts';
import { openAdvisories } from './scan/open-advisories.ts';

export interface ImportedAdvisories {
  /** Keys in the bucket. */
  readonly files: readonly string[];
  readonly bytes: number;
  readonly advisories: number;
  /** What was left out, being no advisories that are read here. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
}

/** Where `sync-advisories` looks for what people put there. */
const INBOX = 'advisories/inbox/';

/**
 * Puts advisory files into the inbox of a stack, replacing those of the same name. Each is read here first, since one
 * file of something else would make the stack refuse the whole inbox.
 *
 * @throws LadingError `advisories-missing`, `advisories-unusable`
 */
export async function importAdvisories(
  documents: Pick<DocumentStore, 'put'>,
  paths: readonly string[],
  onFile: (name: string) => void = () => undefined,
): Promise<ImportedAdvisories> {
  const { sources } = await openAdvisories(paths, { cache: true });
  const problems = new Map(sources.flatMap(({ name, problem }) => (problem ? [[name, problem.message] as const] : [])));
  const found = await findAdvisories(paths);
  const keys: string[] = [];
  let bytes = 0;
  for (const { name, files } of found) {
    if (problems.has(name)) continue;
    for (const file of files) {
      onFile(file);
      const within = name.endsWith(basename(file)) ? name : `${name}/${basename(file)}`;
      const key = `${INBOX}${within.split(sep).join('/').replace(/^\/+/, '')}`;
      const content = await readFile(file);
      await documents.put(key, content);
      keys.push(key);
      bytes += content.length;
    }
  }
  return {
    files: keys,
    bytes,
    advisories: sources.reduce((sum, one) => sum + (one.problem ? 0 : one.advisories), 0),
    leftOut: [...problems].map(([name, why]) => ({ name, why })),
  };
}
