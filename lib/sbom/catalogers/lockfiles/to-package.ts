import { formatPackageUrl } from '../../../formats/purl/index.ts';
import type { FoundPackage } from '../cataloger.ts';
import type { Where } from '../one-per-file.ts';
import type { Locked } from './lock-file.ts';

export function toLockedPackage({ type, name, version }: Locked, where: Where): FoundPackage {
  const { namespace, local } = split(type, name);
  const purl = formatPackageUrl({ type, ...(namespace ? { namespace } : {}), name: local, version });
  return { type, name: type === 'maven' ? local : name, version, purl, licenses: [], ...where, provides: [name] };
}

/** A group of Maven stands before a colon; elsewhere what is before the last slash is the namespace. */
function split(type: Locked['type'], name: string): { readonly namespace: string; readonly local: string } {
  const at = name.lastIndexOf(type === 'maven' ? ':' : '/');
  return { namespace: name.slice(0, Math.max(0, at)), local: name.slice(at + 1) };
}
