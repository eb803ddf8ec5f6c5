import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { parseControl } from '../../../formats/debian-control/index.ts';
import type { FileKind } from '../cataloger.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    license: z.string().optional(),
    maintainer: z.string().optional(),
    /** Names of `Depends`, `Imports` and `LinkingTo`, R itself left out. */
    requires: z.array(z.string()),
  }),
);
export type RRecord = z.infer<ReturnType<typeof schema>>;

/** A longer text is no name of a licence. */
const MAX_LICENSE = 500;
const WANTED = new Set(['package', 'version', 'license', 'maintainer', 'depends', 'imports', 'linkingto']);

/** `DESCRIPTION` of an installed R package ("Writing R Extensions", section 1.1.1): a control file of one paragraph. */
export const rDescriptionFile: FileKind<RRecord> = {
  id: 'r-description',
  version: 1,
  match: { names: ['DESCRIPTION'] },
  maxBytes: 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const [fields] = parseControl(content.toString('utf8'), WANTED);
    const name = fields?.get('package');
    const version = fields?.get('version');
    if (!fields || !name || !version || /\s/.test(name) || /\s/.test(version)) return undefined;
    const needed = ['depends', 'imports', 'linkingto'].flatMap((key) => (fields.get(key) ?? '').split(','));
    const names = needed.flatMap((one) => /^\s*([A-Za-z][A-Za-z0-9.]*)/.exec(one)?.[1] ?? []);
    return {
      name,
      version,
      license: fields.get('license')?.slice(0, MAX_LICENSE) || undefined,
      maintainer: fields.get('maintainer') || undefined,
      requires: [...new Set(names)].filter((one) => one !== 'R').slice(0, 2000),
    };
  },
  schema,
};
