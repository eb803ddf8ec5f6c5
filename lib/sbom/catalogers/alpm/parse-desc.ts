import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const text = once(() => z.string().optional());
const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    /** Name of what it was built from, together with others. */
    base: text(),
    arch: text(),
    packager: text(),
    licenses: z.array(z.string()),
    /** Names alone, versions left out. */
    depends: z.array(z.string()),
    provides: z.array(z.string()),
  }),
);
export type AlpmRecord = z.infer<ReturnType<typeof schema>>;

const MAX_NAMES = 20_000;

/** pacman's database has a folder for each package: `var/lib/pacman/local/<name>-<version>/desc`. */
export const alpmDescFile: FileKind<AlpmRecord> = {
  id: 'alpm-desc',
  version: 1,
  match: { names: ['desc'], accepts: (path) => /(?:^|\/)var\/lib\/pacman\/local\/[^/]+\/desc$/.test(path) },
  maxBytes: 8 * 1024 * 1024,
  importance: 'database',
  parse: (content) => {
    const fields = readFields(content.toString('utf8'));
    const one = (key: string): string | undefined => fields.get(key)?.[0];
    const names = (key: string): string[] => (fields.get(key) ?? []).map((entry) => entry.split(/[<>=:]/, 1)[0] ?? '');
    const name = one('NAME');
    const version = one('VERSION');
    if (!name || !version) throw new SyntaxError('it tells no name or version');
    return {
      name,
      version,
      base: one('BASE'),
      arch: one('ARCH'),
      packager: one('PACKAGER'),
      licenses: fields.get('LICENSE') ?? [],
      depends: names('DEPENDS'),
      provides: names('PROVIDES'),
    };
  },
  schema,
};

/** `%KEY%` on a line of its own, then a value a line, then an empty line. */
function readFields(content: string): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let values: string[] | undefined;
  for (const raw of content.split('\n')) {
    const line = raw.trim();
    const key = /^%([A-Z0-9]+)%$/.exec(line)?.[1];
    if (key !== undefined) {
      values = [];
      fields.set(key, values);
    } else if (line === '') values = undefined;
    else if (values && values.length < MAX_NAMES) values.push(line);
  }
  return fields;
}
