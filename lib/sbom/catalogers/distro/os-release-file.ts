import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { parseOsRelease } from '../../../formats/os-release/index.ts';
import type { FileKind } from '../cataloger.ts';

const text = once(() => z.string().optional());
const schema = once(() =>
  z.object({
    id: text(),
    idLike: z.array(z.string()).optional(),
    name: text(),
    prettyName: text(),
    version: text(),
    versionId: text(),
    versionCodename: text(),
    buildId: text(),
    variantId: text(),
    cpeName: text(),
    supportEnd: text(),
  }),
);

/** Wherever it stands: `etc/os-release` is mostly a link, into `usr/lib`, a Nix store, or `usr/lib/os.release.d`. */
export const osReleaseFile: FileKind<z.infer<ReturnType<typeof schema>>> = {
  id: 'os-release',
  version: 1,
  match: {
    names: ['os-release'],
    directories: ['os.release.d'],
  },
  maxBytes: 64 * 1024,
  importance: 'file',
  parse: (content) => {
    const release = parseOsRelease(content.toString('utf8'));
    return { ...release, idLike: release.idLike ? [...release.idLike] : undefined };
  },
  schema,
};

/** `etc/debian_version` tells the point release, which os-release leaves out: `12.15`. */
export const debianVersionFile: FileKind<string> = {
  id: 'debian-version',
  version: 1,
  match: { names: ['debian_version'], accepts: (path) => path === 'etc/debian_version' },
  maxBytes: 4096,
  importance: 'file',
  parse: (content) => {
    const line = content.toString('utf8').trim();
    return /^[0-9]{1,3}\.[0-9]{1,3}$/.test(line) ? line : undefined;
  },
  schema: () => z.string(),
};
