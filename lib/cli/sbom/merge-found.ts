import { readFile } from 'node:fs/promises';
import { systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { discoverSboms, type FoundSbom, toTrust } from '../../external-sboms/index.ts';
import {
  listSbom,
  mergeSboms,
  mergeWithOthers,
  type OtherSbom,
  readSbom,
  type Sbom,
  writeSbom,
} from '../../sbom/index.ts';
import { fromCaller } from '../connection.ts';
import type { MadeSbom } from './make-sbom.ts';

export interface MergeWish {
  /** Files of public keys, whose signatures make an SBOM a verified one. */
  readonly key?: readonly string[] | undefined;
  /** Also those that nobody trusted has signed. */
  readonly unverified?: boolean | undefined;
}

/**
 * Merges our SBOM with those that others attached to the image, each component with who found it. Without a trusted
 * signature an SBOM is whoever's may push, and is left out unless it is asked for.
 *
 * @throws LadingError `key-unusable` and those of the registry
 */
export async function mergeFound(made: MadeSbom, wish: MergeWish): Promise<MadeSbom> {
  const { image } = made;
  const trust = toTrust({
    trustedKeys: await Promise.all((wish.key ?? []).map(async (file) => ({ name: file, pem: await readKey(file) }))),
  });
  const images = made.children.length > 0 ? made.children : [made.sbom];
  const places = [...new Set<Digest>([image.digest, ...images.map((one) => one.image)])];
  const all: FoundSbom[] = [];
  const remarks: string[] = [];
  for (const digest of places) {
    const at = { registry: made.subject.registry ?? '', repository: image.repository, digest };
    const { found, unusable } = await discoverSboms(image.reader, at, trust, systemClock.now());
    all.push(...found);
    remarks.push(...unusable.map(({ manifest, why }) => `the SBOM in ${manifest} is left out: ${why}`));
  }
  const usable = all.filter(({ standing }) => wish.unverified || standing.kind === 'verified');
  if (all.length > usable.length) {
    const left = plural(all.length - usable.length, 'SBOM');
    remarks.push(`${left} without a trusted signature left out; --key trusts one, --unverified takes all`);
  }
  const merged = images.map((own) => mergeWithOthers(own, othersOf(own, usable, remarks)));
  const [only] = merged;
  const isIndex = made.children.length > 0;
  const sbom = isIndex || !only ? mergeSboms(made.sbom.image, merged, made.sbom.gaps) : only;
  return {
    ...made,
    sbom,
    children: isIndex ? merged : [],
    cycloneDx: writeSbom(sbom, { format: 'cyclonedx-json', version: '1.6' }, made.subject),
    remarks: [...made.remarks, ...remarks],
  };
}

function othersOf(own: Sbom, found: readonly FoundSbom[], remarks: string[]): readonly OtherSbom[] {
  const others = new Map<string, OtherSbom>();
  for (const { image, content, standing, origin } of found) {
    if (image !== own.image) continue;
    try {
      const listed = readSbom(content);
      const tool = listed.tool ? [listed.tool.name, listed.tool.version].filter(Boolean).join(' ') : origin;
      // Ours comes with each image that was signed; it is no second finder.
      if (listed.tool?.name === 'lading' && listed.packages.length === listSbom(own).packages.length) continue;
      const worth = standing.kind === 'verified' ? `verified: ${standing.by}` : standing.kind;
      const who = `${tool.slice(0, 100)} (${worth})`;
      others.set(who, { who, packages: [...(others.get(who)?.packages ?? []), ...listed.packages] });
    } catch (error) {
      if (!(error instanceof LadingError)) throw error;
      remarks.push(`an SBOM of ${image} is left out: ${error.message}`);
    }
  }
  return [...others.values()];
}

async function readKey(file: string): Promise<string> {
  try {
    return await readFile(fromCaller(file), 'utf8');
  } catch (cause) {
    throw new LadingError('key-unusable', `the key ${file} cannot be read`, { cause });
  }
}
