import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/**
 * Rewrites imports from index files to imports from the files that define what is imported. Loading a module of ours does
 * nothing but define what it exports, so both mean the same; but in a bundle whose parts are loaded when they are wanted, an
 * index loads everything that anybody in the bundle wants of it, whoever asks.
 */
export interface IndexFiles {
  /** @param file where the text stands */
  rewrite(text: string, file: string): string;
  /** The index files that were looked at: a change of one may change what a name means. */
  readonly read: ReadonlySet<string>;
}

interface Origin {
  readonly file: string;
  /** Its name there. */
  readonly name: string;
}

const IMPORT = /^import (?!type )\{([^}]*)\} from '(\.[^']*\/index\.ts)';$/gm;
const EXPORT = /^export (?!type )(?:\{([^}]*)\}|\*) from '(\.[^']*\.ts)';$/gm;

export function createIndexFiles(): IndexFiles {
  const read = new Set<string>();
  const known = new Map<string, ReadonlyMap<string, Origin>>();
  const originsOf = (index: string): ReadonlyMap<string, Origin> => {
    const before = known.get(index);
    if (before) return before;
    const origins = new Map<string, Origin>();
    known.set(index, origins);
    if (!existsSync(index)) return origins;
    read.add(index);
    for (const [, names, path = ''] of readFileSync(index, 'utf8').matchAll(EXPORT)) {
      const file = join(dirname(index), path);
      // What a star exports is not to be seen here: those names stay with the index.
      for (const { name, as } of namesIn(names ?? '')) origins.set(as, originOf(file, name));
    }
    return origins;
  };
  const originOf = (file: string, name: string): Origin =>
    (basename(file) === 'index.ts' ? originsOf(file).get(name) : undefined) ?? { file, name };
  return {
    read,
    rewrite: (text, file) =>
      text.replace(IMPORT, (_whole, names: string, path: string) =>
        namesIn(names)
          .map(({ name, as }) => {
            const origin = originOf(join(dirname(file), path), name);
            return `import { ${origin.name} as ${as} } from './${relative(dirname(file), origin.file).replaceAll(sep, '/')}';`;
          })
          .join(' '),
      ),
  };
}

/** `a, type B, c as d`: types are nothing at run time. */
function namesIn(list: string): readonly { readonly name: string; readonly as: string }[] {
  return list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !one.startsWith('type '))
    .map((one) => {
      const [name = '', as = name] = one.split(/\s+as\s+/);
      return { name, as };
    });
}
