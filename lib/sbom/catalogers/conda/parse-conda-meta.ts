import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const text = once(() => z.string().max(4096).optional().catch(undefined));
const schema = once(() =>
  z.object({
    name: z.string().min(1).max(512),
    version: z.string().min(1).max(512),
    build: text(),
    /** Name, or address, of where it came from. */
    channel: text(),
    subdir: text(),
    license: text(),
    /** Match specifications: `python >=3.9,<3.10.0a0`. */
    depends: z.array(z.string()).max(2000).optional().catch(undefined),
  }),
);
export type CondaRecord = z.infer<ReturnType<typeof schema>>;

/** What conda keeps of each installed package: `conda-meta/<name>-<version>-<build>.json`. */
export const condaMetaFile: FileKind<CondaRecord> = {
  id: 'conda-meta',
  version: 1,
  match: { directories: ['conda-meta'], accepts: (path) => path.endsWith('.json') },
  maxBytes: 64 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const record = schema().safeParse(JSON.parse(content.toString('utf8')));
    return record.success ? record.data : undefined;
  },
  schema,
};
