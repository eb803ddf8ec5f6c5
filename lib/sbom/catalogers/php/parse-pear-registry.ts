import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { type PhpValue, unserializePhp } from './unserialize.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    /** Host of the channel; of old packages it is not said. */
    channel: z.string().optional(),
    licenses: z.array(z.string()),
  }),
);
export type PearRecord = z.infer<ReturnType<typeof schema>>;

/** PEAR's registry, a file for each package of PEAR or PECL: `php/.registry/.channel.<channel>/<name>.reg`. */
export const pearRegistryFile: FileKind<PearRecord> = {
  id: 'php-pear-registry',
  version: 1,
  match: { extensions: ['reg'], accepts: (path) => /(?:^|\/)php\/\.registry\/.*\.reg$/.test(path) },
  maxBytes: 8 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const value = unserializePhp(content);
    const name = textAt(value, 'name') ?? textAt(value, 'package');
    // `package.xml` of version 2 has releases of package and API, version 1 had one text.
    const version = textAt(value, 'version', 'release') ?? textAt(value, 'version');
    if (!name || !version) return undefined;
    const license = textAt(value, 'license', '_content') ?? textAt(value, 'license');
    const channel = textAt(value, 'channel');
    return { name, version, ...(channel ? { channel } : {}), licenses: license ? [license] : [] };
  },
  schema,
};

function textAt(value: PhpValue | undefined, ...path: readonly string[]): string | undefined {
  let found = value;
  for (const key of path) {
    if (!(found instanceof Map)) return undefined;
    found = found.get(key);
  }
  return typeof found === 'string' && found !== '' ? found : undefined;
}
