import { z } from 'zod';
import { ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import type { Clock } from '../../core/clock.ts';
import { digestOf } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import { digestSchema } from '../../events/index.ts';
import { type EdgeSite, edgeSiteSchema } from '../model.ts';
import {
  type DesiredRecord,
  type DesiredStore,
  type ReportRecord,
  type ReportStore,
  type SiteStore,
  siteStandings,
  type TokenLog,
} from '../ports.ts';

const SITES = 'EDGE-SITES';
const ofSite = (site: string, sk: string) => ({ pk: `EDGE#${site}`, sk });

const desiredSchema = z.object({
  generation: z.int(),
  content: digestSchema,
  createdAt: z.string(),
  expiresAt: z.string(),
  key: z.string(),
  namesKey: z.string(),
  published: z.boolean(),
  roots: z.array(z.object({ generation: z.int(), root: digestSchema, key: z.string() })),
  images: z.int(),
  bytes: z.int(),
  faults: z.array(z.string()),
});
const reportSchema = z.object({
  sequence: z.int(),
  at: z.string(),
  receivedAt: z.string(),
  generation: z.int(),
  merkleRoot: digestSchema,
  envelope: digestSchema,
  standing: z.enum(siteStandings),
  missing: z.int(),
  extra: z.int(),
  bytes: z.int(),
  budgetBytes: z.int(),
  provenEqualAt: z.string().optional(),
  key: z.string(),
  usageKey: z.string(),
});

/**
 * Under `EDGE-SITES`, an item for each site, whose hash is what a swap compares; under `EDGE#<site>`, the record of its
 * state (`desired`), of its last report (`report`), and the tokens that it used (`token#…`, which expire).
 */
export function dynamoEdge(table: Table, clock: Clock): SiteStore & DesiredStore & ReportStore & TokenLog {
  const hashOf = (site: EdgeSite): string => digestOf(canonicalJson(site));
  return {
    async find(name) {
      const item = await table.get({ pk: SITES, sk: name });
      return item && edgeSiteSchema.parse(item['site']);
    },
    async all() {
      const items = await Array.fromAsync(queryAll(table, { pk: SITES }));
      return items.map((item) => edgeSiteSchema.parse(item['site']));
    },
    swap: (before, after) =>
      table.put(
        { pk: SITES, sk: after.name, site: after, hash: hashOf(after) },
        before === undefined
          ? ifAbsent
          : { expression: '#hash = :before', names: { '#hash': 'hash' }, values: { ':before': hashOf(before) } },
      ),
    async current(site): Promise<DesiredRecord | undefined> {
      const item = await table.get(ofSite(site, 'desired'));
      return item && desiredSchema.parse(item);
    },
    advance: (site, record) =>
      table.put(
        { ...ofSite(site, 'desired'), ...record },
        record.generation === 1
          ? ifAbsent
          : { expression: 'generation = :before', values: { ':before': record.generation - 1 } },
      ),
    async markPublished(site, generation) {
      await table.update(
        ofSite(site, 'desired'),
        { expression: 'SET published = :yes', values: { ':yes': true, ':generation': generation } },
        'generation = :generation',
      );
    },
    async last(site): Promise<ReportRecord | undefined> {
      const item = await table.get(ofSite(site, 'report'));
      return item && reportSchema.parse(item);
    },
    accept: (site, record) =>
      table.put(
        { ...ofSite(site, 'report'), ...record },
        {
          expression: 'attribute_not_exists(pk) OR #sequence < :sequence',
          names: { '#sequence': 'sequence' },
          values: { ':sequence': record.sequence },
        },
      ),
    use: (site, id, until) =>
      table.put(
        // Of a stranger's choice only its hash is written.
        { ...ofSite(site, `token#${digestOf(id)}`), expiresAt: Math.ceil(until.getTime() / 1000) },
        {
          expression: 'attribute_not_exists(pk) OR expiresAt < :now',
          values: { ':now': Math.floor(clock.now().getTime() / 1000) },
        },
      ),
  };
}
