import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    author: z.string().optional(),
    license: z.string().optional(),
  }),
);
export type PluginRecord = z.infer<ReturnType<typeof schema>>;

/** WordPress itself looks no further (`get_file_data`). */
const HEAD_BYTES = 8 * 1024;

/** The main file of a plugin begins with a comment that tells of it: `wp-content/plugins/<folder>/<file>.php`. */
export const wordpressPluginFile: FileKind<PluginRecord> = {
  id: 'wordpress-plugin',
  version: 1,
  match: { extensions: ['php'], accepts: (path) => /(?:^|\/)wp-content\/plugins\/[^/]+\/[^/]+\.php$/.test(path) },
  maxBytes: 16 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const fields = new Map<string, string>();
    for (const line of content.toString('utf8', 0, HEAD_BYTES).split(/[\r\n]+/)) {
      const match = /^(?:[ \t]*<\?php)?[ \t/*#@]*(plugin name|version|author|license):(.*)$/i.exec(line);
      const key = match?.[1]?.toLowerCase();
      const value = match?.[2]?.replace(/(?:\*\/|\?>).*$/, '').trim();
      if (key && value && !fields.has(key)) fields.set(key, value.slice(0, 500));
    }
    const name = fields.get('plugin name');
    const version = fields.get('version');
    if (!name || !version) return undefined;
    return { name, version, author: fields.get('author'), license: fields.get('license') };
  },
  schema,
};
