import type { Distro } from '../model.ts';

/** `debian-12.15`, as Syft and others qualify the purl of a distribution's package; empty where it is not known. */
export function distroQualifier(distro: Distro | undefined): string {
  if (!distro) return '';
  const release = distro.pointRelease ?? distro.versionId;
  return release ? `${distro.id}-${release}` : distro.id;
}
