import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    /** `category/package`. */
    name: z.string(),
    version: z.string(),
  }),
);
export type PortageRecord = z.infer<ReturnType<typeof schema>>;

/** A version ends the name of the folder (Package Manager Specification 8, sections 3.1.3 and 3.2). */
const FOLDER = /(?:^|\/)var\/db\/pkg\/([^/]+)\/([^/]+)\/[^/]+$/;
const VERSION = /^(.+?)-(\d+(?:\.\d+)*[a-z]?(?:_(?:pre|p|beta|alpha|rc)\d*)*(?:-r\d+)?)$/;

/** Portage's database has a folder for each package, `var/db/pkg/<category>/<package>-<version>`, with its files' names. */
export const portageContentsFile: FileKind<PortageRecord> = {
  id: 'portage-contents',
  version: 1,
  match: { names: ['CONTENTS'], accepts: (path) => FOLDER.test(path) },
  maxBytes: 128 * 1024 * 1024,
  importance: 'database',
  parse: (_content, path) => {
    const [, category, folder = ''] = FOLDER.exec(path) ?? [];
    const [, name, version] = VERSION.exec(folder) ?? [];
    if (!category || !name || !version) throw new SyntaxError('its folder does not name a package and a version');
    return { name: `${category}/${name}`, version };
  },
  schema,
};

/** `|| ( GPL-2 LGPL-2.1 ) ssl? ( openssl )`: the names, whatever holds them together. */
export const portageLicenseFile: FileKind<string[]> = {
  id: 'portage-license',
  version: 1,
  match: { names: ['LICENSE'], accepts: (path) => FOLDER.test(path) },
  maxBytes: 64 * 1024,
  importance: 'file',
  parse: (content) => {
    const words = content.toString('utf8').split(/\s+/);
    return [...new Set(words.filter((word) => /^[A-Za-z0-9][A-Za-z0-9+._-]*$/.test(word)))].slice(0, 200);
  },
  schema: () => z.array(z.string()),
};
