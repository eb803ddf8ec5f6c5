import { readFile, stat } from 'node:fs/promises';
import { describeError, LadingError } from '../../core/errors.ts';
import { readVex } from '../../formats/vex/index.ts';
import { type SourcedStatement, sourceStatements } from '../../vex/index.ts';
import { fromCaller } from '../connection.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Reads VEX documents that the caller names, and so vouches for.
 *
 * @throws LadingError `vex-invalid`, `vex-missing`
 */
export async function readVexFiles(paths: readonly string[]): Promise<readonly SourcedStatement[]> {
  const statements: SourcedStatement[] = [];
  for (const path of paths) {
    const file = fromCaller(path);
    const document = readVex(await readCapped(file, path), path);
    if (document.statements.length === 0) {
      throw new LadingError('vex-invalid', `${path} holds no statement that can be read`);
    }
    statements.push(...sourceStatements(document, { via: 'file' }));
  }
  return statements;
}

async function readCapped(file: string, given: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new LadingError('vex-invalid', `${given} has over ${MAX_BYTES} bytes`);
    return await readFile(file);
  } catch (cause) {
    if (cause instanceof LadingError) throw cause;
    throw new LadingError('vex-missing', `${given} cannot be read: ${describeError(cause)}`, { cause });
  }
}
