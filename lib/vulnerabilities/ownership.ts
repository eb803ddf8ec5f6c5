import { identify } from './ecosystems.ts';
import type { MatchablePackage } from './model.ts';

/** Folders that only packages of the distribution write to (Debian's policies for Python, Ruby, Node, PHP and Java). */
const FOLDERS: ReadonlyMap<string, RegExp> = new Map([
  ['pypi', /^\/?usr\/(?:lib\/python3|share\/python3?-?[\w.]*)\/dist-packages\//],
  ['gem', /^\/?usr\/(?:share|lib\/[\w-]+)\/rubygems-integration\//],
  ['npm', /^\/?usr\/share\/(?:nodejs|javascript)\//],
  ['composer', /^\/?usr\/share\/php\//],
]);

/**
 * Finds packages of languages that are parts of a distribution's packages: they lie where only the distribution writes, and
 * one of its packages has their name and upstream version. Whoever installed something of the same name by hand has it elsewhere.
 */
export function markOwned(packages: readonly MatchablePackage[]): readonly MatchablePackage[] {
  const owners = new Map<string, { readonly version: string; readonly ecosystem: string }>();
  for (const pkg of packages) {
    if (pkg.type !== 'deb') continue;
    const { ecosystem, lookups } = identify(pkg);
    if (lookups.length > 0) owners.set(pkg.name, { version: pkg.version, ecosystem });
  }
  if (owners.size === 0) return packages;
  return packages.map((pkg) => {
    const folder = FOLDERS.get(pkg.type);
    const places = pkg.locations ?? [];
    if (!folder || places.length === 0 || !places.every((place) => folder.test(place))) return pkg;
    const owner = namesOf(pkg)
      .map((name) => owners.get(name))
      .find((found) => found !== undefined && isUpstreamOf(pkg.version, found.version));
    return owner ? { ...pkg, ownedBy: owner.ecosystem } : pkg;
  });
}

/** Debian's names: `python3-django`, `ruby-rack`, `node-lodash`, `php-twig`. */
function namesOf({ type, name }: MatchablePackage): readonly string[] {
  const plain = name.toLowerCase().replace(/[_.]/g, '-');
  const last = plain.split('/').at(-1) ?? plain;
  switch (type) {
    case 'pypi':
      return [`python3-${plain}`, `python3-${plain.replace(/^python-/, '')}`, plain];
    case 'gem':
      return [`ruby-${plain}`, `ruby-${plain.replace(/-ruby$/, '')}`, plain];
    case 'npm':
      return [`node-${plain.replace(/^@/, '').replace('/', '-')}`, `node-${last}`];
    default:
      return [`php-${plain.replace('/', '-')}`, `php-${last}`];
  }
}

/** `2.2.22` and `2.2.22-0+deb12u1`, `6.1.7.10+dfsg-1`, `2:6.1.7.10-1`. */
function isUpstreamOf(version: string, debian: string): boolean {
  const upstream = debian.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
  return (
    upstream === version ||
    (upstream.startsWith(version) && /^[+~.]?(?:dfsg|ds|repack|really|git)/.test(upstream.slice(version.length)))
  );
}
