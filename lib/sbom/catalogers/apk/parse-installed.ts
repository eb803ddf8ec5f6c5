import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { type ApkRecord, parseApkDatabase } from '../../../formats/apk-database/index.ts';
import { isClaimedName } from '../binary/classifiers.ts';
import type { FileKind } from '../cataloger.ts';

const text = once(() => z.string().optional());
const schema = once(() =>
  z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      arch: text(),
      origin: text(),
      license: text(),
      maintainer: text(),
      commit: text(),
      depends: z.array(z.string()),
      provides: z.array(z.string()),
      files: z.array(z.string()).optional(),
    }),
  ),
);

/** apk's database, in `lib` or, since the merge of `/usr`, in `usr/lib`; also of file trees below the root. */
export const installedFile: FileKind<ApkRecord[]> = {
  id: 'apk-installed',
  version: 4,
  match: { names: ['installed'], accepts: (path) => /(?:^|\/)lib\/apk\/db\/installed$/.test(path) },
  maxBytes: 128 * 1024 * 1024,
  importance: 'database',
  parse: (content) => [...parseApkDatabase(content.toString('utf8'), isClaimedName)],
  schema,
};
