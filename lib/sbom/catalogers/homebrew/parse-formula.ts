import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() => z.object({ name: z.string(), version: z.string(), license: z.string().optional() }));
export type FormulaRecord = z.infer<ReturnType<typeof schema>>;

const KEG = /(?:^|\/)Cellar\/([^/]+)\/([^/]+)\/\.brew\/[^/]+\.rb$/;

/** Homebrew keeps the formula of what it installed: `Cellar/<name>/<version>/.brew/<name>.rb`. */
export const homebrewFormulaFile: FileKind<FormulaRecord> = {
  id: 'homebrew-formula',
  version: 1,
  match: { directories: ['.brew'], accepts: (path) => KEG.test(path) },
  maxBytes: 1024 * 1024,
  importance: 'file',
  parse: (content, path) => {
    const [, name, version] = KEG.exec(path) ?? [];
    if (!name || !version) return undefined;
    const license = /^ {2}license "([^"\n]{1,200})"/m.exec(content.toString('utf8'))?.[1];
    return { name, version, ...(license ? { license } : {}) };
  },
  schema,
};
