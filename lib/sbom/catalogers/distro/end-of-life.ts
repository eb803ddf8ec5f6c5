/**
 * The last day of security support that everybody gets, of releases whose os-release does not say it (`SUPPORT_END`), by
 * `ID` and `VERSION_ID`. Debian: end of LTS (wiki.debian.org/LTS); Ubuntu: end of standard support (distro-info-data);
 * Alpine: alpinelinux.org/releases, by branch.
 */
const END: ReadonlyMap<string, string> = new Map([
  ['debian 8', '2020-06-30'],
  ['debian 9', '2022-06-30'],
  ['debian 10', '2024-06-30'],
  ['debian 11', '2026-08-31'],
  ['debian 12', '2028-06-30'],
  ['debian 13', '2030-06-30'],
  ['ubuntu 14.04', '2019-04-25'],
  ['ubuntu 16.04', '2021-04-30'],
  ['ubuntu 18.04', '2023-05-31'],
  ['ubuntu 20.04', '2025-05-31'],
  ['ubuntu 22.04', '2027-06-01'],
  ['ubuntu 24.04', '2029-05-31'],
  ['alpine 3.10', '2021-05-01'],
  ['alpine 3.11', '2021-11-01'],
  ['alpine 3.12', '2022-05-01'],
  ['alpine 3.13', '2022-11-01'],
  ['alpine 3.14', '2023-05-01'],
  ['alpine 3.15', '2023-11-01'],
  ['alpine 3.16', '2024-05-23'],
  ['alpine 3.17', '2024-11-22'],
  ['alpine 3.18', '2025-05-09'],
  ['alpine 3.19', '2025-11-01'],
  ['alpine 3.20', '2026-04-01'],
  ['alpine 3.21', '2026-11-01'],
  ['alpine 3.22', '2027-05-01'],
]);

/** `2028-06-30`, or undefined where that is not known here. */
export function endOfLife(id: string, versionId: string | undefined): string | undefined {
  if (versionId === undefined) return undefined;
  const release = id === 'alpine' ? versionId.split('.').slice(0, 2).join('.') : versionId;
  return END.get(`${id} ${release}`);
}
