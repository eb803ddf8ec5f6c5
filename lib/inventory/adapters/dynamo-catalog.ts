import { type Item, ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import { type Digest, isDigest } from '../../core/digest.ts';
import type { ImageLocation } from '../../core/image-reference.ts';
import { type CatalogEntry, catalogEntrySchema, type RepositoryName, type TagBinding } from '../model.ts';
import type { CatalogChange, CatalogChanges, ImageCatalog, LayerChains } from '../ports.ts';

/*
 * Rows, all under the partition `registry/repository` (but the list of repositories):
 *   image#<digest>               the entry as JSON; in gsi1 under `images#<year-month>`, by time of push
 *   tag#<tag>                    the binding; without digest once deleted
 *   child#<digest>#<parent>      an index lists the digest
 *   referrer#<subject>#<digest>  a manifest is about the subject
 * Under `changes#<registry/repository>`, `<time>#manifest#<digest>` or `<time>#tag#<tag>`: what was written of late.
 * Under `digest#<digest>`, `registry/repository`: where the digest was catalogued, for ever.
 * Under `chain#<chain id>`, `first`: the first image that consists of those layers. It stays when the image goes.
 */
const REPOSITORIES = 'repositories';
/** How many months `recent` looks back before it says that there is nothing. */
const MONTHS_BACK = 24;

const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;
const locationSchema = catalogEntrySchema.pick({ registry: true, repository: true, digest: true });
const month = (date: string): string => `images#${date.slice(0, 7)}`;

function toEntry(item: Item): CatalogEntry {
  const stored: unknown = JSON.parse(String(item.entry));
  const { deletedAt, archivedAt, archivedIn } = item;
  return catalogEntrySchema.parse({
    ...(stored as object),
    firstSeenAt: item.firstSeenAt,
    ...(deletedAt === undefined ? {} : { deletedAt }),
    ...(archivedAt === undefined ? {} : { archivedAt }),
    ...(archivedIn === undefined ? {} : { archivedIn }),
  });
}

function toBinding(of: RepositoryName, item: Item): TagBinding {
  const digest = item.digest;
  const { registry, repository } = of;
  const tag = String(item.sk).slice('tag#'.length);
  return { registry, repository, tag, digest: isDigest(digest) ? digest : undefined, boundAt: String(item.boundAt) };
}

const CHANGE_DAYS = 8;

/** Written beside the change itself, which costs a write and no time; whoever reads looks back further than that takes. */
async function noteChange(table: Table, clock: Clock, of: RepositoryName, what: string): Promise<void> {
  const now = clock.now();
  const expiresAt = Math.ceil(now.getTime() / 1000) + CHANGE_DAYS * 24 * 3600;
  await table.put({ pk: changesKey(of), sk: `${now.toISOString()}#${what}`, expiresAt });
}

const changesKey = (of: RepositoryName): string => `changes#${partition(of)}`;
const changeRow = /^[^#]+#(manifest|tag)#(.+)$/;

async function* changesOf(table: Table, of: RepositoryName, since: Date): AsyncGenerator<CatalogChange> {
  for await (const { sk } of queryAll(table, { pk: changesKey(of), sortKey: { after: since.toISOString() } })) {
    const [, kind, name = ''] = changeRow.exec(String(sk)) ?? [];
    if (kind === 'tag') yield { kind, tag: name };
    else if (isDigest(name)) yield { kind: 'manifest', digest: name };
  }
}

const placesKey = (digest: Digest): string => `digest#${digest}`;
const chainKey = (chainId: Digest) => ({ pk: `chain#${chainId}`, sk: 'first' });

export const dynamoLayerChains = (table: Pick<Table, 'get'>): LayerChains => ({
  async firstWith(chainId) {
    const found = await table.get(chainKey(chainId), { consistent: false });
    const image = locationSchema.safeParse(found);
    return image.success ? image.data : undefined;
  },
});

export function dynamoCatalog(table: Table, clock: Clock): ImageCatalog & CatalogChanges {
  const note = (of: RepositoryName, what: string): Promise<void> => noteChange(table, clock, of, what);
  const related = async (at: ImageLocation, kind: 'child' | 'referrer'): Promise<readonly Digest[]> => {
    const prefix = `${kind}#${at.digest}#`;
    const found: Digest[] = [];
    for await (const item of queryAll(table, { pk: partition(at), sortKey: { beginsWith: prefix } })) {
      const digest = String(item.sk).slice(prefix.length);
      if (isDigest(digest)) found.push(digest);
    }
    return found;
  };
  return {
    async find(at) {
      const item = await table.get({ pk: partition(at), sk: `image#${at.digest}` });
      return item ? toEntry(item) : undefined;
    },
    enter: async (entry) => {
      await Promise.all([note(entry, `manifest#${entry.digest}`), enterEntry(table, entry)]);
    },
    changes: (of, since) => changesOf(table, of, since),
    async markDeleted(at, deletedAt) {
      const pk = partition(at);
      const [entry] = await Promise.all([
        table.update(
          { pk, sk: `image#${at.digest}` },
          {
            expression: 'SET deletedAt = if_not_exists(deletedAt, :at) REMOVE gsi1pk, gsi1sk',
            values: { ':at': deletedAt },
          },
          'attribute_exists(pk)',
        ),
        note(at, `manifest#${at.digest}`),
      ]);
      if (!entry) return;
      const { children, referrerOf } = toEntry(entry);
      await Promise.all([
        ...[...new Set(children.map((child) => child.digest))].map((child) =>
          table.delete({ pk, sk: `child#${child}#${at.digest}` }),
        ),
        ...(referrerOf ? [table.delete({ pk, sk: `referrer#${referrerOf}#${at.digest}` })] : []),
      ]);
    },
    async markArchived(at, archivedAt, where) {
      const change =
        archivedAt === undefined
          ? { expression: 'REMOVE archivedAt, archivedIn' }
          : where === undefined
            ? { expression: 'SET archivedAt = :at REMOVE archivedIn', values: { ':at': archivedAt } }
            : { expression: 'SET archivedAt = :at, archivedIn = :in', values: { ':at': archivedAt, ':in': where } };
      await table.update({ pk: partition(at), sk: `image#${at.digest}` }, change, 'attribute_exists(pk)');
    },
    async bindTag(binding) {
      const update = table.update(
        { pk: partition(binding), sk: `tag#${binding.tag}` },
        binding.digest
          ? {
              expression: 'SET boundAt = :at, digest = :digest',
              values: { ':at': binding.boundAt, ':digest': binding.digest },
            }
          : { expression: 'SET boundAt = :at REMOVE digest', values: { ':at': binding.boundAt } },
        'attribute_not_exists(boundAt) OR boundAt <= :at',
      );
      const [bound] = await Promise.all([update, note(binding, `tag#${binding.tag}`)]);
      return bound ? 'bound' : 'older';
    },
    async *entries(of, { deleted = false, archived = deleted } = {}) {
      for await (const item of queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'image#' } })) {
        if (deleted || item.deletedAt === undefined || (archived && item.archivedAt !== undefined)) yield toEntry(item);
      }
    },
    async *tags(of) {
      for await (const item of queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'tag#' } })) {
        yield toBinding(of, item);
      }
    },
    async tag(of, tag) {
      const item = await table.get({ pk: partition(of), sk: `tag#${tag}` });
      return item ? toBinding(of, item) : undefined;
    },
    parentsOf: (at) => related(at, 'child'),
    referrersOf: (at) => related(at, 'referrer'),
    async placesOf(digest) {
      const places: ImageLocation[] = [];
      for await (const item of queryAll(table, { pk: placesKey(digest) })) places.push(locationSchema.parse(item));
      return places;
    },
    async *repositories() {
      for await (const item of queryAll(table, { pk: REPOSITORIES })) {
        yield { registry: String(item.registry), repository: String(item.repository) };
      }
    },
    async recent(limit) {
      const found: CatalogEntry[] = [];
      const at = clock.now();
      for (let back = 0; back < MONTHS_BACK && found.length < limit; back++) {
        const of = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - back, 1)).toISOString();
        const page = await table.query({ pk: month(of), index: 'gsi1', descending: true, limit: limit - found.length });
        found.push(...page.items.map(toEntry));
      }
      return found;
    },
  };
}

async function enterEntry(table: Table, entry: CatalogEntry): Promise<void> {
  const pk = partition(entry);
  const { registry, repository } = entry;
  // Relations first: an entry that is there has all of its relations.
  await Promise.all([
    ...[...new Set(entry.children.map((child) => child.digest))].map((child) =>
      table.put({ pk, sk: `child#${child}#${entry.digest}` }),
    ),
    ...(entry.referrerOf ? [table.put({ pk, sk: `referrer#${entry.referrerOf}#${entry.digest}` })] : []),
    ...(entry.chainId === undefined || entry.replicaOf !== undefined
      ? []
      : [table.put({ ...chainKey(entry.chainId), registry, repository, digest: entry.digest }, ifAbsent)]),
    table.put({ pk: placesKey(entry.digest), sk: pk, registry, repository, digest: entry.digest }),
    table.put({ pk: REPOSITORIES, sk: pk, registry, repository }),
  ]);
  await table.update(
    { pk, sk: `image#${entry.digest}` },
    {
      expression:
        'SET entry = :entry, firstSeenAt = if_not_exists(firstSeenAt, :seen), gsi1pk = :month, gsi1sk = :order REMOVE deletedAt',
      values: {
        ':entry': JSON.stringify({ ...entry, deletedAt: undefined, archivedAt: undefined, archivedIn: undefined }),
        ':seen': entry.firstSeenAt,
        ':month': month(entry.pushedAt),
        ':order': `${entry.pushedAt} ${pk}@${entry.digest}`,
      },
    },
  );
}
