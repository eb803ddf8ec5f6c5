import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import { locationKey } from '../core/image-reference.ts';
import type { CatalogEntry } from '../inventory/index.ts';
import type { StorageConfig } from './config.ts';
import type { OwnerBy } from './model.ts';

export const UNLABELLED = '(no label)';
export const NO_TEAM = '(no team)';

const ECR_HOST = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

/** Account and region of an ECR's host (ECR user guide, "Private registry"). */
export function ecrPlace(host: string): { readonly account: string; readonly region: string } | undefined {
  const [, account, region] = ECR_HOST.exec(host) ?? [];
  return account === undefined || region === undefined ? undefined : { account, region };
}

/** The embedded registry of the local stack stands for an ECR and keeps each content once. */
const LOCAL_ACCOUNT = '000000000000';

/** Tells whether a registry keeps a blob once for all its repositories, or once in each. */
export function blobSharing(config: Pick<StorageConfig, 'sharing'>): (registry: string) => boolean {
  const rules = config.sharing.map(({ registries, scope }) => ({ fits: compileGlobs(registries), scope }));
  return (registry) => {
    const place = ecrPlace(registry);
    const usual = place !== undefined && place.account !== LOCAL_ACCOUNT ? 'repository' : 'registry';
    return (rules.find(({ fits }) => fits(registry))?.scope ?? usual) === 'registry';
  };
}

/** Names the store that an image's blobs are kept in, in which each is there once. */
export function storeNamer(config: Pick<StorageConfig, 'sharing'>): (entry: CatalogEntry) => string {
  const shares = blobSharing(config);
  return ({ registry, repository }) => (shares(registry) ? registry : `${registry}/${repository}`);
}

/** Names the owner of an image. It is asked about roots: what hangs on them has no owner of its own. */
export function ownerNamer(
  by: OwnerBy,
  config: Pick<StorageConfig, 'teams' | 'teamLabel'>,
): (entry: CatalogEntry) => string {
  const teams = config.teams.map(({ name, repositories }) => ({ name, fits: compileGlobs(repositories) }));
  const labelOf = (entry: CatalogEntry, label: string): string | undefined =>
    Object.hasOwn(entry.labels, label) ? entry.labels[label] || undefined : undefined;
  return (entry) => {
    const place = `${entry.registry}/${entry.repository}`;
    if (typeof by === 'object') return labelOf(entry, by.label) ?? UNLABELLED;
    switch (by) {
      case 'image':
        return locationKey(entry);
      case 'repository':
        return place;
      case 'registry':
        return entry.registry;
      case 'account':
        return ecrPlace(entry.registry)?.account ?? entry.registry;
      case 'team':
        return teams.find(({ fits }) => fits(place))?.name ?? labelOf(entry, config.teamLabel) ?? NO_TEAM;
    }
  };
}

/**
 * For each manifest of a repository the images that it belongs to: an index for its children, the subject for what
 * refers to it, over any number of steps; itself where it is neither. Of an index and its child that both are tagged, the
 * index is the image.
 *
 * @param among the manifests of one repository; what they name beyond is not there
 */
export function rootsOf(among: readonly CatalogEntry[]): ReadonlyMap<Digest, readonly CatalogEntry[]> {
  const known = new Map(among.map((entry) => [entry.digest, entry]));
  // An index has no configuration and so no labels of its own: those of its images stand for it.
  for (const entry of among) {
    if (entry.children.length === 0) continue;
    const inherited = entry.children.map(({ digest }) => known.get(digest)?.labels ?? {}).reverse();
    known.set(entry.digest, { ...entry, labels: Object.assign({}, ...inherited, entry.labels) });
  }
  const above = new Map<Digest, CatalogEntry[]>();
  const put = (digest: Digest, entry: CatalogEntry): void => {
    const list = above.get(digest);
    if (list === undefined) above.set(digest, [entry]);
    else if (!list.includes(entry)) list.push(entry);
  };
  for (const entry of known.values()) {
    for (const { digest } of entry.children) if (digest !== entry.digest && known.has(digest)) put(digest, entry);
    const subject = entry.referrerOf === undefined ? undefined : known.get(entry.referrerOf);
    if (subject !== undefined && subject !== entry) put(entry.digest, subject);
  }
  const found = new Map<Digest, readonly CatalogEntry[]>();
  for (const entry of known.values()) {
    const roots = new Map<Digest, CatalogEntry>();
    const seen = new Set<Digest>([entry.digest]);
    for (let todo = [entry]; todo.length > 0; ) {
      const next: CatalogEntry[] = [];
      for (const one of todo) {
        const parents = above.get(one.digest);
        if (parents === undefined) roots.set(one.digest, one);
        for (const parent of parents ?? []) {
          if (seen.has(parent.digest)) continue;
          seen.add(parent.digest);
          next.push(parent);
        }
      }
      todo = next;
    }
    // Manifests that only name each other have nothing above: each stands for itself.
    found.set(entry.digest, roots.size > 0 ? [...roots.values()] : [entry]);
  }
  return found;
}
