import { LadingError } from '../../core/errors.ts';
import { readVex } from '../../formats/vex/index.ts';
import { type SourcedStatement, sourceStatements } from '../../vex/index.ts';
import { readForeignFile } from './foreign-file.ts';

/**
 * Reads VEX documents that the caller names, and so vouches for.
 *
 * @throws LadingError `vex-invalid`, `json-invalid`, and those of `readForeignFile`
 */
export async function readVexFiles(paths: readonly string[]): Promise<readonly SourcedStatement[]> {
  const statements: SourcedStatement[] = [];
  for (const path of paths) {
    const document = readVex(await readForeignFile(path), path);
    if (document.statements.length === 0) {
      throw new LadingError('vex-invalid', `${path} holds no statement that can be read`);
    }
    statements.push(...sourceStatements(document, { via: 'file' }));
  }
  return statements;
}
