import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { type FileCoverage, type ListedSbom, listSbom, readSbom } from '../../sbom/index.ts';
import { fromCaller } from '../connection.ts';
import { makeSbom, type SbomWish } from './make-sbom.ts';

export interface OpenedSbom {
  readonly sbom: ListedSbom;
  /** How much of the image's files is told of; only where the image itself was read. */
  readonly coverage?: FileCoverage | undefined;
  readonly remarks: readonly string[];
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The SBOM that a person names: a file in any form that is read, or else an image.
 *
 * @throws LadingError those of `readSbom` and `makeSbom`; `source-invalid`; LimitExceededError over 64 MiB
 */
export async function openSbom(text: string, wish: SbomWish): Promise<OpenedSbom> {
  const path = fromCaller(text);
  if (!existsSync(path)) {
    const { sbom, remarks, coverage } = await makeSbom(text, wish);
    return { sbom: listSbom(sbom), coverage, remarks };
  }
  const found = statSync(path);
  if (!found.isFile()) {
    const hint = existsSync(join(path, 'index.json')) ? { hint: `write it as oci:${text}` } : {};
    throw new LadingError('source-invalid', `${text} is a folder`, hint);
  }
  if (found.size > MAX_BYTES) throw new LimitExceededError('sbom-bytes', `${text} is over ${MAX_BYTES} bytes`);
  return { sbom: readSbom(await readFile(path)), remarks: [] };
}
