import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';

const recordSchema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    /** Who published it; absent for those of the public index. */
    user: z.string().optional(),
    channel: z.string().optional(),
  }),
);
export type ConanRecord = z.infer<ReturnType<typeof recordSchema>>;

const schema = once(() => z.array(recordSchema()));

const FOLDER = /(?:^|\/)([^/]+)\/([^/]+)\/([^/]+)\/([^/]+)\/package\/[^/]+\/conaninfo\.txt$/;
const MAX_PACKAGES = 2000;

/**
 * What Conan 1 keeps of an installed package: `data/<name>/<version>/<user>/<channel>/package/<id>/conaninfo.txt`, with
 * the packages that went into it under `[full_requires]`. User and channel are `_` where there are none.
 */
export const conanInfoFile: FileKind<ConanRecord[]> = {
  id: 'conan-info',
  version: 1,
  match: { names: ['conaninfo.txt'], accepts: (path) => FOLDER.test(path) },
  maxBytes: 1024 * 1024,
  importance: 'file',
  parse: (content, path) => {
    const [, name, version, user, channel] = FOLDER.exec(path) ?? [];
    if (!name || !version) return undefined;
    const records = [recordOf(name, version, user, channel)];
    let wanted = false;
    for (const raw of content.toString('utf8').split('\n')) {
      const line = raw.trim();
      if (line.startsWith('[')) wanted = line === '[full_requires]';
      else if (wanted && line !== '' && !line.startsWith('#') && records.length < MAX_PACKAGES) {
        const record = parseReference(line);
        if (record) records.push(record);
      }
    }
    return records;
  },
  schema,
};

/** `name/version@user/channel#revision:package`. */
export function parseReference(text: string): ConanRecord | undefined {
  const [reference = ''] = text.split(/[#:%]/, 1);
  const [what = '', owner = ''] = reference.split('@');
  const [name, version, ...rest] = what.split('/');
  const [user, channel] = owner.split('/');
  return name && version && rest.length === 0 ? recordOf(name, version, user, channel) : undefined;
}

const recordOf = (name: string, version: string, user?: string, channel?: string): ConanRecord => ({
  name,
  version,
  ...(user && user !== '_' ? { user } : {}),
  ...(channel && channel !== '_' ? { channel } : {}),
});
