import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { registryError } from '../errors.ts';
import type { Registry } from '../ports.ts';
import { directoryFiles, isEmptyOrMissing, type LayoutFiles } from './layout/files.ts';
import { type LayoutEntry, readLayoutIndex } from './layout/layout-index.ts';
import { createLayoutReader, type LayoutReader } from './layout/layout-reader.ts';
import { LAYOUT_REPOSITORY } from './layout/layout-repository.ts';
import { createLayoutWriter, writeIndex, writeLayoutMark } from './layout/layout-writer.ts';

export { LAYOUT_REPOSITORY } from './layout/layout-repository.ts';

export interface OciLayoutOptions {
  readonly directory: string;
  readonly repository?: string;
  /** Makes a layout in a folder that is empty or absent. */
  readonly create?: boolean;
  /**
   * Every file is forced to the disk before it gets its name. Without, an image that was written just before a loss of
   * power may lack bytes: whoever reads it notices by the digest, and it has to be written again. @default true
   */
  readonly durable?: boolean;
}

/**
 * An OCI image layout (image specification 1.1, "OCI Image Layout") as a registry with one repository. Its tags are
 * the ref names of `index.json`.
 *
 * @throws LadingError `source-invalid` where the folder is no layout
 */
export async function openOciLayout(options: OciLayoutOptions): Promise<Registry & LayoutReader> {
  const { directory, repository = LAYOUT_REPOSITORY, durable = true } = options;
  const files = directoryFiles(directory);
  if (options.create && (await isEmptyOrMissing(directory))) {
    await writeIndex(directory, [], durable);
    await writeLayoutMark(directory, durable);
  }
  const entries = cachedIndex(files, directory);
  if ((await files.sizeOf('index.json')) === undefined) {
    throw registryError('source-invalid', `"${directory}" is not an OCI image layout: there is no index.json in it`);
  }
  await entries();
  const reader = createLayoutReader({ files, host: 'oci-layout', repository, entries });
  return { ...reader, ...createLayoutWriter({ directory, repository, reader, entries, durable }) };
}

/** Reads `index.json` again only when it is another file than before: every write replaces it. */
function cachedIndex(files: LayoutFiles, directory: string): () => Promise<readonly LayoutEntry[]> {
  let known: { readonly version: string; readonly entries: readonly LayoutEntry[] } | undefined;
  return async () => {
    const { ino, size, mtimeNs } = await lstat(join(directory, 'index.json'), { bigint: true });
    const version = `${ino} ${size} ${mtimeNs}`;
    if (known?.version !== version) known = { version, entries: await readLayoutIndex(files) };
    return known.entries;
  };
}
