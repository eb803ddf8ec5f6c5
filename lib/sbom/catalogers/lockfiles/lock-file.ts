import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

/** The ecosystems of lock files, as the purl specification names their types. */
const types = ['cargo', 'composer', 'gem', 'golang', 'hex', 'julia', 'maven', 'npm', 'pub', 'pypi', 'swift'] as const;
export type LockedType = (typeof types)[number];

const schema = once(() => z.array(z.object({ name: z.string(), version: z.string(), type: z.enum(types) })));
export type Locked = z.infer<ReturnType<typeof schema>>[number];

/** One entry as the file has it; what is no name or version is left out here and not in every reader. */
export type Entry = readonly [name: unknown, version: unknown];

const MAX_PACKAGES = 20_000;
const MAX_TEXT = 512;

/** Makes the kind of a sort of lock file. Broken ones are passed over: they are plans, and nothing that is installed. */
export function lockFile(
  type: LockedType,
  names: readonly string[],
  read: (text: string) => Iterable<Entry>,
): FileKind<Locked[]> {
  return {
    id: `lock-${names[0]}`.toLowerCase(),
    version: 1,
    match: { names },
    maxBytes: 16 * 1024 * 1024,
    importance: 'file',
    parse(content) {
      const found = new Map<string, Locked>();
      for (const [name, version] of read(content.toString('utf8').replace(/^\uFEFF/, ''))) {
        if (!isWord(name) || !isWord(version)) continue;
        if (found.size === MAX_PACKAGES) break;
        found.set(`${name} ${version}`, { name, version, type });
      }
      return found.size > 0 ? [...found.values()] : undefined;
    },
    schema,
  };
}

const isWord = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_TEXT && !/[\s\0]/.test(value);
