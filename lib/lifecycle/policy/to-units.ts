import type { Digest } from '../../core/digest.ts';
import { groupBy } from '../../core/group-by.ts';
import type { CatalogEntry, TagBinding } from '../../inventory/index.ts';
import { describeContent, type Selectable } from '../../selection/index.ts';
import type { RetentionPolicy } from '../config.ts';
import type { Judgement, Pulls } from '../model.ts';
import type { Unit } from './unit.ts';

interface UnitInputs {
  readonly unit: RetentionPolicy['unit'];
  readonly tags: readonly (TagBinding & { readonly digest: Digest })[];
  /** Entries without tag that hang on nothing. */
  readonly loose: readonly CatalogEntry[];
  readonly entries: ReadonlyMap<Digest, CatalogEntry>;
  readonly graph: { referrersOf(digest: Digest): readonly Digest[] };
  readonly pulls: Pulls | undefined;
  readonly uses: Pulls | undefined;
  readonly judgements: ReadonlyMap<Digest, Judgement> | undefined;
}

/** What a policy decides on, in one repository. A tag of something that the catalogue lacks is not among them. */
export function toUnits({ unit, tags, loose, entries, graph, ...told }: UnitInputs): Unit[] {
  const contentOf = memoize((entry: CatalogEntry) => ({
    pulledAt: lastOf(entry, told.pulls),
    usedAt: lastOf(entry, told.uses),
    ...told.judgements?.get(entry.digest),
    ...describe(entry, entries, graph),
  }));
  const tagged: Unit[] = [];
  if (unit === 'tag') {
    for (const { tag, digest, boundAt } of tags) {
      const entry = entries.get(digest);
      if (!entry) continue;
      const pushedAt = Date.parse(boundAt);
      tagged.push({ id: tag, tags: [tag], pushedAt, ...contentOf(entry) });
    }
  } else {
    const names = groupBy(
      tags,
      ({ digest }) => digest,
      ({ tag }) => tag,
    );
    for (const [digest, own] of names) {
      const entry = entries.get(digest);
      if (!entry) continue;
      const pushedAt = Date.parse(entry.pushedAt);
      tagged.push({ id: digest, tags: own, pushedAt, ...contentOf(entry) });
    }
  }
  const untagged = loose.map((entry) => ({
    id: entry.digest,
    tags: [],
    pushedAt: Math.max(Date.parse(entry.pushedAt), Date.parse(entry.firstSeenAt)),
    ...contentOf(entry),
  }));
  return [...tagged, ...untagged];
}

/** What is pulled or runs is often one platform of an index: that counts for the index. */
function lastOf(entry: CatalogEntry, told: Pulls | undefined): Unit['pulledAt'] {
  if (!told) return 'unknown';
  let last = told.last.get(entry.digest);
  for (const { digest } of entry.children) {
    const other = told.last.get(digest);
    if (other !== undefined && (last === undefined || other > last)) last = other;
  }
  if (last !== undefined) return Date.parse(last);
  // It may have happened until the moment from which it is told.
  return entry.firstSeenAt >= told.since ? 'never' : Date.parse(told.since);
}

function describe(
  entry: CatalogEntry,
  entries: ReadonlyMap<Digest, CatalogEntry>,
  graph: UnitInputs['graph'],
): Pick<Unit, 'digest' | 'createdAt' | keyof Omit<Selectable, 'tags'>> {
  const createdAt = entry.created === undefined ? Number.NaN : Date.parse(entry.created);
  return {
    digest: entry.digest,
    createdAt: Number.isNaN(createdAt) ? undefined : createdAt,
    ...describeContent(entry, (digest) => entries.get(digest), graph.referrersOf(entry.digest)),
  };
}

function memoize<K, V>(make: (key: K) => V): (key: K) => V {
  const made = new Map<K, V>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const value = make(key);
    made.set(key, value);
    return value;
  };
}
