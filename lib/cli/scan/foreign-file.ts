import { readFile, stat } from 'node:fs/promises';
import { describeError, LadingError } from '../../core/errors.ts';
import { fromCaller } from '../connection.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** A document of another tool that the caller names. @throws LadingError `file-missing`, `file-too-large` */
export async function readForeignFile(path: string): Promise<Uint8Array> {
  const file = fromCaller(path);
  try {
    if ((await stat(file)).size > MAX_BYTES) {
      throw new LadingError('file-too-large', `${path} has over ${MAX_BYTES} bytes`);
    }
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof LadingError) throw cause;
    throw new LadingError('file-missing', `${path} cannot be read: ${describeError(cause)}`, { cause });
  }
}
