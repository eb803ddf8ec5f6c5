import { readFile } from 'node:fs/promises';
import { LadingError } from '../core/errors.ts';
import { fromCaller } from './connection.ts';

/** Reads a file that a person names, from where they stand. @throws LadingError `file-unreadable` */
export async function readBytes(file: string): Promise<Buffer> {
  try {
    return await readFile(fromCaller(file));
  } catch (cause) {
    throw new LadingError('file-unreadable', `${file} cannot be read`, { cause, hint: 'is the path right?' });
  }
}

/** The same as text. @throws LadingError `file-unreadable` */
export const readText = async (file: string): Promise<string> => (await readBytes(file)).toString('utf8');
