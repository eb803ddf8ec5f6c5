import type { Distro } from '../../model.ts';
import type { FileKind, ImageFiles } from '../cataloger.ts';
import { endOfLife } from './end-of-life.ts';
import { debianVersionFile, osReleaseFile } from './os-release-file.ts';

export const distroKinds: readonly FileKind[] = [osReleaseFile, debianVersionFile];

/** os-release(5): `/etc/os-release` goes before `/usr/lib/os-release`. */
const PLACES = ['etc/os-release', 'usr/lib/os-release'];

/** Which distribution the tree is; undefined where nothing names one (scratch images). */
export function findDistro(files: ImageFiles): Distro | undefined {
  for (const place of PLACES) {
    const file = files.at(osReleaseFile, place);
    const id = file?.content.id?.toLowerCase();
    if (!file || !id) continue;
    const { versionId, versionCodename, prettyName, idLike, cpeName, supportEnd } = file.content;
    const pointRelease = id === 'debian' ? files.at(debianVersionFile, 'etc/debian_version')?.content : undefined;
    const lastDay = supportEnd ?? endOfLife(id, versionId);
    return {
      id,
      ...(versionId ? { versionId } : {}),
      ...(pointRelease ? { pointRelease } : {}),
      ...(versionCodename ? { codename: versionCodename } : {}),
      ...(prettyName ? { prettyName } : {}),
      ...(idLike ? { idLike } : {}),
      ...(cpeName ? { cpe: cpeName } : {}),
      ...(lastDay ? { supportEnd: lastDay } : {}),
      path: file.path,
    };
  }
  return undefined;
}
