import { type PackageUrl, parsePackageUrl } from '../formats/purl/index.ts';
import type { MatchablePackage } from './model.ts';

/** Under which name of which OSV ecosystem a package's advisories are found, and the version to compare with them. */
export interface PackageLookup {
  readonly ecosystem: string;
  readonly name: string;
  readonly version: string;
  /** `nodejs:18`: the module stream that an RPM package is of; empty for one of none, absent where nobody says. */
  readonly module?: string | undefined;
}

/** `ecosystem` names where advisories would be looked for, also when none exist for it, so that coverage can tell. */
interface PackageIdentity {
  readonly ecosystem: string;
  readonly lookups: readonly PackageLookup[];
}

/** The first part of an ecosystem's name, before any release. */
const ecosystemBase = (ecosystem: string): string => {
  const colon = ecosystem.indexOf(':');
  return colon < 0 ? ecosystem : ecosystem.slice(0, colon);
};

/** One spelling for one ecosystem: `Ubuntu:22.04:LTS` is the release that os-release calls 22.04. */
export const canonicalEcosystem = (ecosystem: string): string => {
  const trimmed = ecosystem.trim();
  if (trimmed.startsWith('Ubuntu:') && trimmed.endsWith(':LTS')) return trimmed.slice(0, -4);
  // `Red Hat:enterprise_linux:9::appstream`: all repositories of a release; extended support has other packages.
  const redHat = /^Red Hat:enterprise_linux:(\d+)(?:[:.]|$)/.exec(trimmed)?.[1];
  if (redHat !== undefined) return `Red Hat:${redHat}`;
  // `SUSE:Linux Enterprise Module for Basesystem 15 SP4`: all modules of a service pack.
  const [, suse, pack] = /^SUSE:.*?Enterprise .*?(\d+)(?: SP(\d+))?(?:[ -]LTSS.*)?$/.exec(trimmed) ?? [];
  return suse === undefined ? trimmed : `SUSE:${suse}${pack === undefined ? '' : `.${pack}`}`;
};

/** One spelling for one package, where the ecosystem takes several for the same. */
export function canonicalName(ecosystem: string, name: string): string {
  switch (ecosystemBase(ecosystem)) {
    case 'PyPI':
      // PEP 503, "Normalized Names".
      return name.toLowerCase().replace(/[-_.]+/g, '-');
    case 'NuGet':
    case 'Packagist':
    case 'GitHub Actions':
      return name.toLowerCase();
    case 'SwiftURL':
      return name
        .toLowerCase()
        .replace(/^https?:\/\//, '')
        .replace(/\.git$/, '');
    default:
      return name;
  }
}

/** Language ecosystems by purl type. */
const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ['cargo', 'crates.io'],
  ['composer', 'Packagist'],
  ['conan', 'ConanCenter'],
  ['cran', 'CRAN'],
  ['gem', 'RubyGems'],
  ['generic', 'generic'],
  ['githubactions', 'GitHub Actions'],
  ['golang', 'Go'],
  ['hackage', 'Hackage'],
  ['hex', 'Hex'],
  ['maven', 'Maven'],
  ['npm', 'npm'],
  ['nuget', 'NuGet'],
  ['opam', 'opam'],
  ['pub', 'Pub'],
  ['pypi', 'PyPI'],
  ['swift', 'SwiftURL'],
  ['bitnami', 'Bitnami'],
]);

const DISTRIBUTION_TYPES: ReadonlySet<string> = new Set(['alpm', 'apk', 'deb', 'rpm']);

export function identify(pkg: MatchablePackage): PackageIdentity {
  const purl = pkg.purl === undefined ? undefined : parsePackageUrl(pkg.purl);
  if (DISTRIBUTION_TYPES.has(pkg.type)) return identifyDistributionPackage(pkg, purl);
  const ecosystem = LANGUAGES.get(pkg.type);
  if (ecosystem === undefined) return { ecosystem: pkg.type, lookups: [] };
  const name = canonicalName(ecosystem, languageName(pkg, purl));
  return { ecosystem, lookups: [{ ecosystem, name, version: pkg.version }] };
}

function languageName(pkg: MatchablePackage, purl: PackageUrl | undefined): string {
  // A purl's Go module path is lower-cased by the purl specification; the database's names keep their case.
  if (purl?.namespace === undefined || pkg.type === 'golang') return pkg.name;
  return `${purl.namespace}${pkg.type === 'maven' ? ':' : '/'}${purl.name}`;
}

/** Most distributions publish by source package and its version; RPM ones by the binary package, too. */
function identifyDistributionPackage(pkg: MatchablePackage, purl: PackageUrl | undefined): PackageIdentity {
  const distro = distroOf(pkg, purl);
  const ecosystem = distro && distributionEcosystem(distro.id, distro.versionId);
  if (ecosystem === undefined) {
    return { ecosystem: [pkg.type, distro?.id, distro?.versionId].filter(Boolean).join(':'), lookups: [] };
  }
  if (pkg.type !== 'rpm') {
    const source = pkg.source ?? upstreamOf(purl);
    return {
      ecosystem,
      lookups: [{ ecosystem, name: source?.name ?? pkg.name, version: source?.version || pkg.version }],
    };
  }
  return { ecosystem, lookups: rpmLookups(pkg, purl, ecosystem) };
}

/** By the source package and by the package itself, since advisories name either; a source's epoch is its packages'. */
function rpmLookups(pkg: MatchablePackage, purl: PackageUrl | undefined, ecosystem: string): readonly PackageLookup[] {
  const qualifier = purl?.qualifiers?.get('epoch');
  const version = qualifier && !pkg.version.includes(':') ? `${qualifier}:${pkg.version}` : pkg.version;
  const epoch = /^\d+:/.exec(version)?.[0] ?? '';
  const source = sourceOfRpm(pkg.source ?? upstreamOf(purl));
  const module = /^[^:]+:[^:]+/.exec(purl?.qualifiers?.get('rpmmod') ?? '')?.[0];
  const named = { ecosystem, name: pkg.name, version, ...(module ? { module } : {}) };
  if (!source || source.name === pkg.name) return [named];
  const of = source.version && (source.version.includes(':') ? source.version : `${epoch}${source.version}`);
  return [{ ...named, name: source.name, version: of || version }, named];
}

/** Some documents name the source's file: `audit-3.0.6-1.cm2.src.rpm`. */
function sourceOfRpm(source: MatchablePackage['source']): MatchablePackage['source'] {
  const [, name, version] = /^(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm$/.exec(source?.name ?? '') ?? [];
  return name && version ? { name, version } : source;
}

/** From the package itself, else from its purl: `pkg:deb/debian/apt@2.6?distro=debian-12`. */
function distroOf(pkg: MatchablePackage, purl: PackageUrl | undefined): MatchablePackage['distro'] {
  if (pkg.distro) return pkg.distro;
  const qualifier = purl?.qualifiers?.get('distro');
  const dash = qualifier?.lastIndexOf('-') ?? -1;
  if (qualifier && dash > 0) return { id: qualifier.slice(0, dash), versionId: qualifier.slice(dash + 1) };
  return purl?.namespace ? { id: purl.namespace } : undefined;
}

/** `upstream=openssl` or `upstream=openssl@1.1.1n-0`, as some tools write the source package. */
function upstreamOf(purl: PackageUrl | undefined): MatchablePackage['source'] {
  const upstream = purl?.qualifiers?.get('upstream');
  if (!upstream) return undefined;
  const at = upstream.indexOf('@');
  return at < 0 ? { name: upstream } : { name: upstream.slice(0, at), version: upstream.slice(at + 1) };
}

/** By ID and VERSION_ID of os-release(5). */
function distributionEcosystem(id: string, versionId: string | undefined): string | undefined {
  const version = versionId ?? '';
  const major = /^\d+/.exec(version)?.[0];
  const minor = /^\d+\.\d+/.exec(version)?.[0];
  switch (id) {
    case 'alpine':
      if (version === 'edge' || /_(?:alpha|beta|rc)/.test(version)) return 'Alpine:edge';
      return minor && `Alpine:v${minor}`;
    case 'wolfi':
      return 'Wolfi';
    case 'chainguard':
      return 'Chainguard';
    case 'minimos':
      return 'MinimOS';
    case 'debian':
      return major && `Debian:${major}`;
    case 'ubuntu':
      return minor && `Ubuntu:${minor}`;
    case 'almalinux':
      return major && `AlmaLinux:${major}`;
    case 'rocky':
      return major && `Rocky Linux:${major}`;
    case 'mageia':
      return major && `Mageia:${major}`;
    case 'photon':
      return minor && `Photon OS:${minor}`;
    case 'azurelinux':
    case 'mariner':
      return major && `Azure Linux:${major}`;
    case 'amzn':
      // The first one counted in months: 2018.03.
      return major && `Amazon Linux:${/^201\d\./.test(version) ? '1' : major}`;
    case 'arch':
      return 'Arch Linux';
    case 'rhel':
    case 'redhat':
      return major && `Red Hat:${major}`;
    case 'ol':
    case 'oracle':
      return major && `Oracle Linux:${major}`;
    case 'sles':
    case 'sled':
    case 'sle-micro':
    case 'suse':
      return version && `SUSE:${version}`;
    case 'fedora':
      return major && `Fedora:${major}`;
    case 'openEuler':
    case 'openeuler':
      return version && `openEuler:${version}`;
    case 'alpaquita':
      return version && `Alpaquita:${version}`;
    case 'opensuse-leap':
      return minor && `openSUSE:Leap ${minor}`;
    case 'opensuse-tumbleweed':
      return 'openSUSE:Tumbleweed';
    default:
      return undefined;
  }
}
