import { z } from 'zod';
import type { FileKind } from '../cataloger.ts';

/** The list of a wheel's installed files stands beside its `METADATA`; that it is there is what counts as evidence. */
export const pythonRecordFile: FileKind<true> = {
  id: 'python-record',
  version: 1,
  match: { names: ['RECORD'], accepts: (path) => /dist-info\/RECORD$/i.test(path) },
  maxBytes: 64 * 1024 * 1024,
  importance: 'file',
  bulky: true,
  parse: () => true,
  schema: () => z.literal(true),
};
