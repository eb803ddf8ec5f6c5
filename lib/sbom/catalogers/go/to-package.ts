import { formatPackageUrl } from '../../../formats/purl/index.ts';
import { orderedVersion } from '../../version-words.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { GoProgramModule } from './parse-build-info.ts';

type Where = Pick<FoundPackage, 'locations' | 'layer'>;

export function toGoPackage({ path, version }: GoProgramModule, where: Where): FoundPackage {
  const slash = path.lastIndexOf('/');
  const purl = formatPackageUrl({
    type: 'golang',
    ...(slash > 0 ? { namespace: path.slice(0, slash) } : {}),
    name: path.slice(slash + 1),
    ...(version ? { version } : {}),
  });
  return { type: 'golang', name: path, version, purl, licenses: [], ...where };
}

/** The standard library is the toolchain's: `go1.21.0`, as Go names its releases. The purl has what matchers can order. */
export function toStandardLibrary(goVersion: string, where: Where): FoundPackage | undefined {
  if (!/^go\d/.test(goVersion)) return undefined;
  const purl = formatPackageUrl({ type: 'golang', name: 'stdlib', version: orderedVersion('golang', goVersion) });
  return { type: 'golang', name: 'stdlib', version: goVersion, purl, licenses: ['BSD-3-Clause'], ...where };
}
