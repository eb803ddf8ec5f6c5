import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { CondaRecord } from './parse-conda-meta.ts';

export function toCondaPackage(record: CondaRecord, where: Where): FoundPackage {
  const { name, version, build, channel, subdir, license } = record;
  const qualifiers = new Map([
    ['build', build ?? ''],
    ['channel', channelName(channel ?? '', subdir ?? '')],
    ['subdir', subdir ?? ''],
  ]);
  return {
    type: 'conda',
    name,
    version,
    purl: formatPackageUrl({ type: 'conda', name, version, qualifiers }),
    licenses: license ? [license] : [],
    ...where,
    provides: [name],
    requires: (record.depends ?? []).flatMap((needed) => {
      const [what] = needed.trim().split(/\s/, 1);
      return what ? [[what]] : [];
    }),
  };
}

/** The channel of an address ends before the platform; `…/pkgs/main/linux-64` is `main`, as in the purl specification. */
function channelName(channel: string, subdir: string): string {
  const parts = channel.split('/').filter((part) => part !== '');
  if (parts.at(-1) === subdir) parts.pop();
  return parts.at(-1) ?? '';
}
