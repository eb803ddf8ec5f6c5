import { alpmScheme } from './alpm.ts';
import { apkScheme } from './apk.ts';
import { debScheme } from './deb.ts';
import { mavenScheme } from './maven.ts';
import { cranScheme, hackageScheme } from './numeric.ts';
import { packagistScheme } from './packagist.ts';
import { pep440Scheme } from './pep440.ts';
import { rpmScheme } from './rpm.ts';
import { rubygemsScheme } from './rubygems.ts';
import type { Incomparable, VersionOrder, VersionScheme } from './scheme.ts';
import { goScheme, nugetScheme, pubScheme, semverScheme } from './semver.ts';

export type { Incomparable, VersionOrder, VersionScheme } from './scheme.ts';

const SCHEMES = {
  alpm: alpmScheme,
  apk: apkScheme,
  cran: cranScheme,
  deb: debScheme,
  go: goScheme,
  hackage: hackageScheme,
  maven: mavenScheme,
  nuget: nugetScheme,
  packagist: packagistScheme,
  pep440: pep440Scheme,
  pub: pubScheme,
  rpm: rpmScheme,
  rubygems: rubygemsScheme,
  semver: semverScheme,
} as const satisfies Record<string, VersionScheme>;

export type VersionSchemeName = keyof typeof SCHEMES;

export const versionSchemeNames = Object.keys(SCHEMES) as readonly VersionSchemeName[];

export const versionScheme = (name: VersionSchemeName): VersionScheme => SCHEMES[name];

/** Orders two versions of one scheme; `incomparable` when either is no version of it. Never throws. */
export const compareVersions = (scheme: VersionSchemeName, a: string, b: string): VersionOrder | Incomparable =>
  SCHEMES[scheme].compare(a, b);

/** By the first part of the ecosystem's name in the OSV schema ("Defined ecosystems"), before any `:release`. */
const ECOSYSTEMS: ReadonlyMap<string, VersionSchemeName> = new Map<string, VersionSchemeName>([
  ['AlmaLinux', 'rpm'],
  ['Alpaquita', 'apk'],
  ['Alpine', 'apk'],
  ['Amazon Linux', 'rpm'],
  ['Arch Linux', 'alpm'],
  ['Azure Linux', 'rpm'],
  ['BellSoft Hardened Containers', 'apk'],
  ['Bioconductor', 'cran'],
  ['Bitnami', 'semver'],
  ['Chainguard', 'apk'],
  ['CRAN', 'cran'],
  ['crates.io', 'semver'],
  ['Debian', 'deb'],
  ['Echo', 'deb'],
  ['EPEL', 'rpm'],
  ['Fedora', 'rpm'],
  ['generic', 'semver'],
  ['GHC', 'hackage'],
  ['GitHub Actions', 'semver'],
  ['Go', 'go'],
  ['Hackage', 'hackage'],
  ['Hex', 'semver'],
  ['Julia', 'semver'],
  ['Kubernetes', 'semver'],
  ['Mageia', 'rpm'],
  ['Maven', 'maven'],
  ['MinimOS', 'apk'],
  ['npm', 'semver'],
  ['NuGet', 'nuget'],
  ['opam', 'deb'],
  ['openEuler', 'rpm'],
  ['openSUSE', 'rpm'],
  ['Oracle Linux', 'rpm'],
  ['Packagist', 'packagist'],
  ['Photon OS', 'rpm'],
  ['Pub', 'pub'],
  ['PyPI', 'pep440'],
  ['Red Hat', 'rpm'],
  ['Rocky Linux', 'rpm'],
  ['RubyGems', 'rubygems'],
  ['SUSE', 'rpm'],
  ['SwiftURL', 'semver'],
  ['Ubuntu', 'deb'],
  ['VSCode', 'semver'],
  ['Wolfi', 'apk'],
]);

/** The scheme by which an OSV ecosystem (`Debian:12`, `npm`) orders its versions; `undefined` for one not known. */
export function schemeOf(ecosystem: string): VersionSchemeName | undefined {
  const colon = ecosystem.indexOf(':');
  return ECOSYSTEMS.get(colon < 0 ? ecosystem : ecosystem.slice(0, colon));
}
