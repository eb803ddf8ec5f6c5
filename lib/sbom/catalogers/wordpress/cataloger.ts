import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { wordpressPluginFile } from './parse-plugin.ts';

/** The purl specification has no type for plugins of WordPress, so they have none. */
export const wordpressCataloger: Cataloger = {
  name: 'wordpress',
  kinds: [wordpressPluginFile],
  catalog: (files) =>
    onePerFile(files, wordpressPluginFile, ({ name, version, author, license }, where) => ({
      type: 'wordpress-plugin',
      name,
      version,
      licenses: license ? [license] : [],
      ...(author ? { supplier: author } : {}),
      ...where,
    })),
};
