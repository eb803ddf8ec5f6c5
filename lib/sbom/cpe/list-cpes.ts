import { formatCpe } from '../../formats/cpe/index.ts';
import type { Distro, Package } from '../model.ts';
import { guessProducts } from './guess-products.ts';
import { knownProducts } from './known-products.ts';

/** More would be guesses at guesses. */
const MOST = 8;
/** What is known may have an older name, too. */
const GUESSES_BESIDE = 2;

/** What no vulnerability database has products of. */
const WITHOUT: ReadonlySet<string> = new Set(['model', 'wasm', 'unknown']);
/** As the NVD names the software that a package is for, where it nearly always does. */
const TARGETS: ReadonlyMap<string, string> = new Map([
  ['wordpress-plugin', 'wordpress'],
  ['cargo', 'rust'],
]);

type Named = Pick<Package, 'type' | 'name' | 'version' | 'source' | 'supplier'>;

/**
 * Under which names vulnerability databases may know a package, the likeliest first. CPEs are given out by hand and follow
 * no rule, so these are candidates: what is known of the product, then what its ecosystem and name suggest.
 */
export function listCpes(one: Named): string[] {
  if (WITHOUT.has(one.type) || one.version === '') return [];
  if (one.type === 'linux-kernel') return [cpeOfKernel(one.version)].flatMap((cpe) => cpe ?? []);
  const { names, products } = guessProducts(one);
  const version = productVersion(one);
  const known = knownProducts(one.type, names);
  const cpes = new Set<string>();
  for (const [vendor, product] of [...known, ...products.slice(0, known.length > 0 ? GUESSES_BESIDE : MOST)]) {
    const cpe = formatCpe({ part: 'a', vendor, product, version, targetSoftware: TARGETS.get(one.type) });
    if (cpe !== undefined && cpes.size < MOST) cpes.add(cpe);
  }
  return [...cpes];
}

const cpeOfKernel = (version: string): string | undefined =>
  formatCpe({
    part: 'o',
    vendor: 'linux',
    product: 'linux_kernel',
    version: /^\d+(?:\.\d+)*/.exec(version)?.[0] ?? version,
  });

/** Distributions whose name in the dictionary is not theirs. */
const SYSTEMS: ReadonlyMap<string, readonly [vendor: string, product: string]> = new Map([
  ['debian', ['debian', 'debian_linux']],
  ['ubuntu', ['canonical', 'ubuntu_linux']],
  ['alpine', ['alpinelinux', 'alpine_linux']],
  ['arch', ['archlinux', 'arch_linux']],
]);

/** What the release calls itself, else what the dictionary calls it. */
export function cpeOfDistro({ id, versionId, cpe }: Pick<Distro, 'id' | 'versionId' | 'cpe'>): string | undefined {
  if (cpe !== undefined) return cpe;
  const [vendor, product] = SYSTEMS.get(id) ?? [];
  return vendor && product ? formatCpe({ part: 'o', vendor, product, version: versionId }) : undefined;
}

/** The version of the software: what a distribution counts on top of it is no version of the product. */
function productVersion({ type, version }: Named): string {
  switch (type) {
    case 'deb':
    case 'opkg':
    case 'rpm':
    case 'alpm':
      return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
    case 'apk':
    case 'ebuild':
      return version.replace(/-r\d+$/, '');
    case 'golang':
      return version.replace(/^(?:v|go(?=\d))/, '');
    default:
      return version;
  }
}
