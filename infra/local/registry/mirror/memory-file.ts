import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { parseJsonStrict } from '../../../../lib/core/json.ts';
import type { CacheMemory } from '../../../../lib/mirror/index.ts';
import { writeFileAtomic } from '../../services/state/atomic-file.ts';
import { coalesce } from '../keyed-lock.ts';

const memorySchema = z.object({
  age: z.number(),
  graphs: z.array(z.object({ key: z.string().max(512), frequency: z.number(), priority: z.number() })).max(200_000),
  leases: z
    .array(
      z
        .object({ key: z.string().max(512), holder: z.string().max(200), until: z.number().optional() })
        .transform(({ until, ...rest }) => (until === undefined ? rest : { ...rest, until })),
    )
    .max(200_000),
});

/** What a cache remembers over a restart. It appears by rename, whole: a crash leaves the one before. */
export interface MemoryFile {
  readonly known: CacheMemory | undefined;
  /** Durable when it resolves. Writers that come together share one write. */
  write(): Promise<void>;
}

export async function openMemoryFile(
  path: string,
  current: () => CacheMemory,
  onProblem: (error: unknown) => void,
): Promise<MemoryFile> {
  const known = await read(path, onProblem);
  return {
    known,
    write: coalesce(() => writeFileAtomic(path, JSON.stringify(current()))),
  };
}

async function read(path: string, onProblem: (error: unknown) => void): Promise<CacheMemory | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch {
    return undefined;
  }
  try {
    return memorySchema.parse(parseJsonStrict(bytes));
  } catch (error) {
    // Damaged from outside: what is held is in the journal; how often it was wanted is learnt again.
    onProblem(error);
    return undefined;
  }
}
