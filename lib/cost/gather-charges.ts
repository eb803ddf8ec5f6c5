import { z } from 'zod';
import type { ImageLocation } from '../core/image-reference.ts';
import { digestSchema } from '../events/index.ts';
import type { CatalogEntry, CatalogReader } from '../inventory/index.ts';
import { blobsOfEntry } from '../lifecycle/index.ts';
import {
  ecrPlace,
  eventsOfPeriod,
  type OwnerBy,
  ownerNamer,
  rootsOf,
  type StorageConfig,
  storeNamer,
  type Trail,
} from '../storage/index.ts';
import type { CostConfig } from './config.ts';
import { type Charge, type CostKind, type Holding, NO_REGION } from './model.ts';
import { divide, shareByteTime } from './share-byte-time.ts';
import { holdingsOf, type Period } from './to-holdings.ts';

export interface ChargePorts {
  readonly catalog: Pick<CatalogReader, 'repositories' | 'entries'>;
  readonly trail: Trail;
}

export interface Gathered {
  readonly charges: readonly Charge[];
  /** Events that were looked at; `cut` where there were more than are looked at for one report. */
  readonly events: number;
  readonly cut: boolean;
}

/** So many events are looked at for one report. */
const MOST_EVENTS = 200_000;
/** Months before the period in which an image may have been archived. */
const ARCHIVE_LOOKBACK_MS = 400 * 86_400_000;

/** What a function is taken to use for an event that it published: the declared memory, and a usual time of work. */
const USUAL_WORK: ReadonlyMap<string, { readonly memoryMb: number; readonly ms: number }> = new Map([
  ['Image Pushed', { memoryMb: 512, ms: 50 }],
  ['Image Cataloged', { memoryMb: 512, ms: 150 }],
  ['SBOM Created', { memoryMb: 1769, ms: 900 }],
  ['Scan Completed', { memoryMb: 1024, ms: 250 }],
  ['Gate Decided', { memoryMb: 512, ms: 60 }],
  ['Image Signed', { memoryMb: 512, ms: 250 }],
  ['Image Attested', { memoryMb: 1024, ms: 300 }],
  ['Image Replicated', { memoryMb: 1024, ms: 2000 }],
  ['Image Expired', { memoryMb: 512, ms: 400 }],
  ['Image Archived', { memoryMb: 1024, ms: 2000 }],
  ['Image Restored', { memoryMb: 1024, ms: 2000 }],
]);

const about = z.object({ subject: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }) });
const replicated = about.extend({
  target: z.object({ registry: z.string(), repository: z.string() }),
  bytesMoved: z.int().nonnegative(),
});

const regionOf = (registry: string): string => ecrPlace(registry)?.region ?? NO_REGION;

/** What was used in a period and by whom, exactly: storage by the catalogue, all else by the audit trail. */
export async function gatherCharges(
  ports: ChargePorts,
  period: Period,
  by: OwnerBy,
  { cost, storage }: { readonly cost: CostConfig; readonly storage: StorageConfig },
): Promise<Gathered> {
  const known = await gatherRepositories(ports.catalog, by, storage);
  const charges = [...storageCharges(known.repositories.values(), period, known), ...scanCharges(known, period, cost)];
  const archived = new Map<string, { readonly entry: CatalogEntry; readonly at: number }>();
  let [events, cut] = [0, false];
  for await (const event of eventsOfPeriod(ports.trail, { ...period, from: period.from - ARCHIVE_LOOKBACK_MS })) {
    if (++events > MOST_EVENTS) {
      cut = true;
      break;
    }
    const { data } = event;
    const at = Date.parse(event.time);
    const subject = about.safeParse(data).data?.subject;
    const entry = subject && known.find(subject);
    if (event.detailType === 'Image Archived' && entry) archived.set(keyOf(entry), { entry, at });
    if (at < period.from) continue;
    const owners = entry ? known.ownersOf(entry) : subject ? known.ownersOfUnknown(subject) : undefined;
    if (owners === undefined) continue;
    for (const use of usesOf(event.detailType, data, entry, known, cost)) {
      for (const [owner, amount] of divide(use.amount, owners)) {
        if (amount > 0n) charges.push({ ...use, owner, amount, marginal: owners.length === 1 ? amount : 0n });
      }
    }
  }
  charges.push(...archiveCharges(archived.values(), period, known));
  return { charges, events, cut };
}

const keyOf = ({ registry, repository, digest }: ImageLocation): string => `${registry}/${repository}@${digest}`;

interface Known {
  readonly repositories: ReadonlyMap<string, readonly CatalogEntry[]>;
  readonly ownerOf: (entry: CatalogEntry) => string;
  readonly storeOf: (entry: CatalogEntry) => string;
  find(at: ImageLocation): CatalogEntry | undefined;
  /** By name. */
  ownersOf(entry: CatalogEntry): readonly string[];
  ownersOfUnknown(at: ImageLocation): readonly string[];
  /** Bytes of an image with all that belongs to it. */
  graphBytes(entry: CatalogEntry): number;
}

async function gatherRepositories(catalog: ChargePorts['catalog'], by: OwnerBy, config: StorageConfig): Promise<Known> {
  const ownerOf = ownerNamer(by, config);
  const repositories = new Map<string, readonly CatalogEntry[]>();
  const entries = new Map<string, CatalogEntry>();
  const owners = new Map<string, readonly string[]>();
  const members = new Map<string, CatalogEntry[]>();
  for await (const of of catalog.repositories()) {
    const all = await Array.fromAsync(catalog.entries(of, { deleted: true }));
    repositories.set(`${of.registry}/${of.repository}`, all);
    const roots = rootsOf(all);
    for (const entry of all) {
      entries.set(keyOf(entry), entry);
      const above = roots.get(entry.digest) ?? [entry];
      owners.set(keyOf(entry), [...new Set(above.map(ownerOf))].sort());
      for (const root of above) {
        const graph = members.get(keyOf(root));
        if (graph) graph.push(entry);
        else members.set(keyOf(root), [entry]);
      }
    }
  }
  return {
    repositories,
    ownerOf,
    storeOf: storeNamer(config),
    find: (at) => entries.get(keyOf(at)),
    ownersOf: (entry) => owners.get(keyOf(entry)) ?? [ownerOf(entry)],
    // Of an image that the catalogue never had, only the name is known.
    ownersOfUnknown: ({ registry, repository, digest }) => [
      ownerOf({
        ...{ registry, repository, digest, mediaType: '', artifactClass: 'artifact', children: [], layers: [] },
        ...{ sizeBytes: 0, labels: {}, pushedAt: '', firstSeenAt: '' },
      }),
    ],
    graphBytes(entry) {
      const blobs = new Map((members.get(keyOf(entry)) ?? [entry]).flatMap((one) => [...blobsOfEntry(one)]));
      return [...blobs.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
  };
}

function storageCharges(
  repositories: Iterable<readonly CatalogEntry[]>,
  period: Period,
  naming: Pick<Known, 'ownerOf' | 'storeOf'>,
): readonly Charge[] {
  const byRegion = new Map<string, Holding[]>();
  for (const entries of repositories) {
    const region = regionOf(entries[0]?.registry ?? '');
    const all = byRegion.get(region) ?? [];
    byRegion.set(region, all);
    for (const holding of holdingsOf(entries, naming, period)) all.push(holding);
  }
  return [...byRegion].flatMap(([region, holdings]) => chargesOf('storage', region, holdings));
}

function chargesOf(kind: 'storage' | 'archive', region: string, holdings: readonly Holding[]): readonly Charge[] {
  return [...shareByteTime(holdings).shares].map(([owner, { fair, alone }]) => ({
    ...{ owner, kind, region, amount: fair, marginal: alone },
  }));
}

/** What is archived is kept once for all repositories, from when it was archived on. */
function archiveCharges(
  archived: Iterable<{ readonly entry: CatalogEntry; readonly at: number }>,
  period: Period,
  known: Known,
): readonly Charge[] {
  const byRegion = new Map<string, Holding[]>();
  for (const { entry, at } of archived) {
    const span = { from: Math.max(at, period.from), until: period.until };
    const region = regionOf(entry.registry);
    const all = byRegion.get(region) ?? [];
    byRegion.set(region, all);
    for (const owner of known.ownersOf(entry)) {
      for (const [blob, bytes] of blobsOfEntry(entry)) all.push({ owner, store: 'archive', blob, bytes, ...span });
    }
  }
  return [...byRegion].flatMap(([region, holdings]) => chargesOf('archive', region, holdings));
}

/** Inspector bills an image when it comes to a registry that it scans. */
function scanCharges(known: Known, period: Period, { scanner }: CostConfig): readonly Charge[] {
  if (scanner === 'none') return [];
  return [...known.repositories.values()].flat().flatMap((entry) => {
    const at = Date.parse(entry.firstSeenAt);
    if (entry.artifactClass !== 'image' || at < period.from || at >= period.until) return [];
    if (ecrPlace(entry.registry) === undefined) return [];
    const owners = known.ownersOf(entry);
    return divide(1n, owners).flatMap(([owner, amount]) =>
      amount > 0n ? [{ owner, kind: 'scan' as const, region: regionOf(entry.registry), amount, marginal: amount }] : [],
    );
  });
}

interface Used {
  readonly kind: CostKind;
  readonly region: string;
  readonly amount: bigint;
}

/** What one event of an image says was used. */
function usesOf(
  detailType: string,
  data: unknown,
  entry: CatalogEntry | undefined,
  known: Known,
  cost: CostConfig,
): readonly Used[] {
  const region = regionOf(entry?.registry ?? about.safeParse(data).data?.subject.registry ?? '');
  const uses: Used[] = [];
  const copied = detailType === 'Image Replicated' ? replicated.safeParse(data).data : undefined;
  if (copied) {
    // Within a region nothing is paid, and what comes from outside AWS comes in for nothing.
    const to = regionOf(copied.target.registry);
    if (region !== NO_REGION && to !== region) {
      uses.push({ kind: to === NO_REGION ? 'transfer' : 'replication', region, amount: BigInt(copied.bytesMoved) });
    }
  }
  if (detailType === 'Image Restored' && entry) {
    uses.push({ kind: 'restore', region, amount: BigInt(known.graphBytes(entry)) });
  }
  if (detailType === 'Image Pulled' && entry && cost.pulls !== 'same-region' && region !== NO_REGION) {
    const kind = cost.pulls === 'internet' ? 'transfer' : 'replication';
    uses.push({ kind, region, amount: BigInt(known.graphBytes(entry)) });
  }
  const work = Object.hasOwn(cost.work, detailType) ? cost.work[detailType] : USUAL_WORK.get(detailType);
  if (work) {
    uses.push({ kind: 'compute', region, amount: BigInt(Math.round(work.memoryMb * work.ms)) });
    uses.push({ kind: 'requests', region, amount: 1n });
  }
  return uses;
}
