import fc from 'fast-check';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { type EventDraft, gateDecided } from '../../../lib/events/index.ts';
import { type Descriptor, parseManifest } from '../../../lib/formats/oci/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry, ImageCatalog } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import {
  archiveRepository,
  bringBack,
  carryOutPlan,
  planRegistry,
  type RetentionPlan,
  restoreImage,
  retentionConfigSchema,
} from '../../../lib/lifecycle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { type Registry, walkClosedGraph } from '../../../lib/registry/index.ts';
import { copyGraph } from '../../../lib/replication/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import type { WorkRecord } from '../../../lib/work/index.ts';
import { pushArtifact, pushBuilt, pushIndex } from '../../support/push-images.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';

const of = { registry: 'memory.example', repository: 'team/app' };
const { repository } = of;
const start = '2026-06-01T00:00:00.000Z';
const later = '2027-01-01T00:00:00.000Z';
const old = '2026-01-01T00:00:00.000Z';
const WEEK_MS = 8 * 24 * 3600 * 1000;

const images = ['a', 'b', 'c', 'd'].map((name) => buildImage([buildLayer([{ path: name, content: name }])]));
const descriptors = images.map(({ descriptor }) => descriptor);

/** What an event does to the catalogue; a lost event does nothing. */
async function enter(
  catalog: ImageCatalog,
  registry: Registry,
  digest: Digest,
  tag?: string,
  boundAt = old,
): Promise<void> {
  const found = await registry.getManifest({ repository, reference: digest });
  if (!found) return;
  const manifest = parseManifest(found.bytes, found.mediaType, { digest });
  const children = manifest.kind === 'index' ? manifest.manifests : [];
  const entry: CatalogEntry = {
    ...of,
    digest,
    mediaType: found.mediaType,
    artifactClass: manifest.kind === 'index' ? 'index' : manifest.subject ? 'signature' : 'image',
    ...(manifest.subject ? { referrerOf: manifest.subject.digest } : {}),
    children: children.map(({ digest: child, mediaType, size }) => ({ digest: child, mediaType, size })),
    layers: [],
    sizeBytes: found.bytes.length,
    labels: {},
    pushedAt: old,
    firstSeenAt: old,
  };
  await catalog.enter(entry);
  if (tag !== undefined) await catalog.bindTag({ ...of, tag, digest, boundAt });
}

/** So many turns of others pass before it begins: left to itself, a scheduler begins everything at once. */
export type Action = Deed & { readonly delay: number };
type Deed =
  | { readonly kind: 'expire' | 'wait' }
  | { readonly kind: 'lease' | 'hold' | 'pull' | 'replicate' | 'release'; readonly image: number }
  | { readonly kind: 'restore'; readonly image: number; readonly lost: boolean }
  | { readonly kind: 'push index'; readonly children: readonly number[]; readonly tag: string; readonly lost: boolean }
  | { readonly kind: 'sign' | 'tag'; readonly image: number; readonly lost: boolean };

const image = fc.nat(images.length - 1);
const of1 = <K extends 'lease' | 'hold' | 'pull' | 'replicate' | 'release'>(kind: K) =>
  image.map((n): Deed => ({ kind, image: n }));
const of2 = <K extends 'sign' | 'tag' | 'restore'>(kind: K) =>
  fc.tuple(image, fc.boolean()).map(([n, lost]): Deed => ({ kind, image: n, lost }));

/** Turns for which a copy waits for its worker. */
const QUEUED = 30;

const delay = fc.nat(40);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Deed>({ kind: 'expire' }) },
  { weight: 2, arbitrary: fc.constant<Deed>({ kind: 'wait' }) },
  { weight: 3, arbitrary: of1('lease') },
  { weight: 2, arbitrary: of1('hold') },
  { weight: 2, arbitrary: of1('pull') },
  { weight: 1, arbitrary: of1('replicate') },
  { weight: 1, arbitrary: of1('release') },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.uniqueArray(image, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('keep-1', 'keep-2', 't-i'),
        fc.boolean(),
      )
      .map(([children, tag, lost]): Deed => ({ kind: 'push index', children, tag, lost })),
  },
  { weight: 2, arbitrary: of2('restore') },
  { weight: 1, arbitrary: of2('sign') },
  { weight: 2, arbitrary: of2('tag') },
);

export const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.tuple(deed, delay).map(([one, turns]): Action => ({ ...one, delay: turns })),
  { minLength: 2, maxLength: 7 },
);

/** One deletion, and one thing or two that happen beside it, all to the same image. */
export const meetings: fc.Arbitrary<readonly Action[]> = fc
  .tuple(
    fc.uniqueArray(fc.constantFrom('lease', 'hold', 'replicate', 'pull', 'tag', 'restore', 'push index'), {
      minLength: 1,
      maxLength: 2,
    }),
    image,
    fc.array(delay, { minLength: 2, maxLength: 2 }),
  )
  .map(([kinds, n, delays]) => [
    ...kinds.map((kind, i): Action => {
      const turns = delays[i] as number;
      if (kind === 'tag' || kind === 'restore') return { kind, image: n, lost: false, delay: turns };
      if (kind === 'push index') return { kind, children: [n], tag: 'keep-1', lost: false, delay: turns };
      return { kind, image: n, delay: turns };
    }),
    { kind: 'expire', delay: 0 },
  ]);

/** What has been done for an image of a repository that is copied; without `copied`, that it has still to be. */
function records(copied: boolean): readonly WorkRecord[] {
  const done = ['catalog', 'sbom', 'match', 'gate', 'sign', ...(copied ? ['replicate', 'attest'] : [])];
  return done.map((stage) => ({
    subject: '',
    stage,
    version: '1',
    state: 'completed',
    attempts: 1,
    updatedAt: old,
    outcome: stage === 'gate' ? [allowed] : [],
  }));
}
const allowed = {
  detailType: gateDecided.detailType,
  source: 'lading.policy',
  data: { decision: 'allow' },
  schemaVersion: 1,
} as unknown as EventDraft;

/** A fault that is planted in what deletions rest on: of each, the race must tell. */
export type Fault =
  | 'leases and holds are not asked'
  | 'pulls are not told'
  | 'nothing waits to be copied'
  | 'the registry tells only what the catalogue knows'
  | 'indexes that list it are not told'
  | 'other tags that name it are not told'
  | 'the archive keeps nothing';

/** Runs the actions side by side, each step where the scheduler puts it, and answers with what went wrong. */
export async function race(
  s: fc.Scheduler,
  todo: readonly Action[],
  quarantineDays: number,
  fault?: Fault,
): Promise<readonly string[]> {
  /** Everything tagged `t…` goes, half of it to the archive first. */
  const config = retentionConfigSchema.parse({
    policies: [
      {
        name: 'p',
        rules: [
          { name: 'cold', select: { tags: ['t0', 't2'] }, action: 'archive' },
          { name: 'r', select: { tags: ['t*'] }, action: 'expire' },
        ],
      },
    ],
    graceHours: 0.000_1,
    dryRun: false,
    maxDeletedShare: 1,
    quarantineDays,
  });
  const clock = manualClock(start);
  const inner = createMemoryRegistry({ host: of.registry });
  const archive = createMemoryRegistry({ host: 'archive' });
  const retention = memoryRetention(clock);
  const catalog = memoryCatalog(clock);
  const waiting = new Set<Digest>();
  const ledger = {
    ...memoryLedger(clock),
    list: async (subject: string) => records(![...waiting].some((digest) => subject.endsWith(digest))),
  };
  for (const [n, built] of images.entries()) {
    const digest = await pushBuilt(inner, repository, built, `t${n}`);
    await enter(catalog, inner, digest, `t${n}`);
  }
  const isPlanted = (one: Fault): boolean => fault === one;
  const wrong: string[] = [];
  /** What holds, as it was granted: these must never be deleted after that. */
  const held = new Map<Digest, string>();
  /** Everything that stands in the registry and names others: indexes, and tags that no rule takes. */
  const indexes = new Map<Digest, readonly Descriptor[]>();
  const kept = new Map<string, Digest>();
  const pushed = new Set<Digest>(descriptors.map(({ digest }) => digest));
  const pulls = new Map<Digest, { readonly at: string; readonly turn: number }>();
  const condemned = new Map<Digest, number>();
  const isThere = async (digest: Digest): Promise<boolean> =>
    (await inner.headManifest({ repository, reference: digest })) !== undefined;
  let turn = 0;
  let running = 0;
  let runs = 0;

  /** A call takes effect when the scheduler lets it, and is answered when it lets that. */
  const step =
    <A extends unknown[], R>(name: string, call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await s.schedule(Promise.resolve(), name);
      turn++;
      const result = await call(...given);
      await s.schedule(Promise.resolve(), `${name}: answer`);
      return result;
    };
  const store = {
    ...retention,
    leases: step('leases', async (one: typeof of) =>
      isPlanted('leases and holds are not asked') ? [] : await retention.leases(one),
    ),
    holds: step('holds', async (one: typeof of) =>
      isPlanted('leases and holds are not asked') ? [] : await retention.holds(one),
    ),
    hold: step('hold', async (...given: Parameters<typeof retention.hold>) => {
      const outcome = await retention.hold(...given);
      // Of what was gone before, and whose sentence is over, a lease is harmless.
      if (outcome === 'held' && (await isThere(given[1].digest))) held.set(given[1].digest, 'leased');
      return outcome;
    }),
    place: step('place', async (...given: Parameters<typeof retention.place>) => {
      const outcome = await retention.place(...given);
      if (outcome === 'held' && (await isThere(given[1].digest))) held.set(given[1].digest, 'on hold');
      return outcome;
    }),
    condemn: step('condemn', async (...given: Parameters<typeof retention.condemn>) => {
      const outcome = isPlanted('leases and holds are not asked') || (await retention.condemn(...given));
      if (outcome) condemned.set(given[1], turn);
      return outcome;
    }),
    reprieve: step('reprieve', retention.reprieve),
    pulls: step('pulls', async (one: typeof of) =>
      isPlanted('pulls are not told') ? undefined : await retention.pulls(one),
    ),
    quarantine: step('set aside', retention.quarantine),
    quarantineOf: step('aside', retention.quarantineOf),
    endQuarantine: step('end', retention.endQuarantine),
  };

  const told: ImageCatalog = {
    ...catalog,
    parentsOf: async (at) => (isPlanted('indexes that list it are not told') ? [] : await catalog.parentsOf(at)),
    async *tags(one) {
      for await (const binding of catalog.tags(one)) {
        if (!isPlanted('other tags that name it are not told') || binding.tag.startsWith('t')) yield binding;
      }
    },
  };
  const keeps = isPlanted('the archive keeps nothing') ? createMemoryRegistry({ host: 'elsewhere' }) : archive;
  const ports = {
    ...{ catalog: told, ledger, clock, archive: keeps, judgements: { of: async () => ({}) } },
    replicated: () => !isPlanted('nothing waits to be copied'),
    ...{ leases: store, usage: store, quarantine: store, collectors: store },
  };

  const expire = async (): Promise<void> => {
    const [plan] = await planRegistry(ports, of.registry, config);
    if (!plan) return;
    const waited = new Set(waiting);
    /** What ECR tells: every tag, and what has none. What is there at that moment is compared with the catalogue. */
    let compared = { indexes: new Map(indexes), kept: new Map(kept) };
    async function* listImages() {
      compared = { indexes: new Map(indexes), kept: new Map(kept) };
      const tagged = new Set<Digest>();
      for await (const tag of inner.listTags(repository)) {
        const digest = (await inner.headManifest({ repository, reference: tag }))?.digest;
        if (digest === undefined) continue;
        tagged.add(digest);
        const isKnown = (await catalog.tag(of, tag))?.digest === digest;
        if (isKnown || !isPlanted('the registry tells only what the catalogue knows')) yield { tag, digest };
      }
      for (const digest of pushed) {
        if (tagged.has(digest) || isPlanted('the registry tells only what the catalogue knows')) continue;
        if (await inner.headManifest({ repository, reference: digest })) yield { digest };
      }
    }
    const deleteManifest = step('delete', async (at: { repository: string; digest: Digest }) => {
      wrong.push(...(await faultsOf(at.digest, plan, waited, compared)));
      return await inner.deleteManifest(at);
    });
    const registry = {
      ...inner,
      headManifest: step('head', inner.headManifest),
      listReferrers: step('referrers', inner.listReferrers),
      putManifest: step('put', inner.putManifest),
      deleteTag: step('delete tag', inner.deleteTag),
      listImages,
      deleteManifest,
    };
    await carryOutPlan(
      { ...ports, registry },
      plan,
      { key: 'x', digest: digestOf(`plan ${runs++}`) },
      config,
      async (one) => {
        // What breaks off goes back to its queue; the next run goes on.
        await one.perform().catch((error: unknown) => {
          if ((error as { code?: string }).code !== 'too-late') throw error;
        });
      },
    );
  };
  const faultsOf = async (
    digest: Digest,
    plan: RetentionPlan,
    waited: ReadonlySet<Digest>,
    compared: { readonly indexes: typeof indexes; readonly kept: typeof kept },
  ): Promise<string[]> => {
    const found: string[] = [];
    const why = held.get(digest);
    if (why !== undefined) found.push(`${digest} was deleted while it was ${why}`);
    const graph = [...plan.expire, ...plan.due].find((one) => one.deletes.includes(digest));
    const isCopied = await archive.headManifest({ repository: archiveRepository(of), reference: digest });
    if (graph?.action === 'archive' && !isCopied) found.push(`${digest} was deleted before it was archived`);
    const pull = pulls.get(digest);
    if (pull && pull.at > plan.plannedAt && pull.turn < (condemned.get(digest) ?? 0))
      found.push(`${digest} was pulled and deleted`);
    if (waited.has(digest) && waiting.has(digest)) found.push(`${digest} was deleted before it was copied`);
    for (const [index, children] of compared.indexes) {
      if ((await isThere(index)) && children.some((child) => child.digest === digest))
        found.push(`a child of ${index} was deleted`);
    }
    for (const [tag, named] of compared.kept) {
      // Another run may have deleted it before this one looked; that was within its own half minute.
      const stands = (await inner.headManifest({ repository, reference: tag }))?.digest === digest;
      if (stands && named === digest) found.push(`what the tag ${tag} names was deleted`);
    }
    return found;
  };

  const act = async (action: Deed): Promise<void> => {
    const digest = 'image' in action ? (descriptors[action.image]?.digest as Digest) : undefined;
    switch (action.kind) {
      case 'expire':
        running++;
        return await expire().finally(() => running--);
      case 'wait':
        // No function lives as long as a sentence: what deletes has ended, one way or the other.
        while (running > 0) await s.schedule(Promise.resolve(), 'not before it ends');
        return await step('wait', async () => (running > 0 ? undefined : clock.advance(WEEK_MS)))();
      case 'lease': {
        await store.hold(of, { digest: digest as Digest, reason: 'ecs/web', until: later });
        return;
      }
      case 'hold': {
        const hold = { name: 'case', kind: 'legal' as const, reason: 'a lawsuit', by: 'me', since: start };
        await store.place(of, { ...hold, digest: digest as Digest });
        return;
      }
      case 'pull':
        return await step('pull', async () => {
          clock.advance(1);
          const at = clock.now().toISOString();
          pulls.set(digest as Digest, { at, turn });
          await retention.pulled(of, { digest: digest as Digest, pulledAt: at });
        })();
      case 'release': {
        const request = { ...of, reference: digest as Digest, reason: 'asked', only: 'quarantine' as const };
        await bringBack({ ...ports, registry: inner }, request).catch((error: unknown) => {
          if (!['too-late', 'not-quarantined'].includes((error as { code?: string }).code ?? '')) throw error;
        });
        return;
      }
      case 'restore': {
        const request = { ...of, reference: digest as Digest, reason: 'asked', only: 'archive' as const };
        const [event] = await restoreImage(
          { ...ports, registry: { ...inner, putManifest: step('put back', inner.putManifest) }, leaseDays: 300 },
          request,
        ).catch((error: unknown) => {
          if (['too-late', 'not-archived'].includes((error as { code?: string }).code ?? '')) return [];
          throw error;
        });
        if (!event) return;
        const graph = await walkClosedGraph(inner, { repository, digest: digest as Digest });
        if (!graph || graph.missing.length > 0) wrong.push(`${digest} was brought back in part`);
        for (const { manifest } of graph?.nodes ?? []) held.set(manifest.digest, 'brought back');
        const at = clock.now().toISOString();
        if (!action.lost) await step('event', enter)(catalog, inner, digest as Digest, `t${action.image}`, at);
        return;
      }
      case 'push index': {
        const children = action.children.map((n) => descriptors[n] as Descriptor);
        const push = step('push', async () => {
          const index = await pushIndex(inner, repository, children, action.tag);
          indexes.set(index, children);
          pushed.add(index);
          return index;
        });
        // A registry refuses an index over something that is gone.
        const index = await push().catch(() => undefined);
        if (index !== undefined && !action.lost) await step('event', enter)(catalog, inner, index, action.tag);
        return;
      }
      case 'tag': {
        // Somebody gives an image a name that no rule takes.
        const tag = `release-${action.image}`;
        const push = step('tag', async () => {
          const found = await inner.getManifest({ repository, reference: digest as Digest });
          if (!found) return false;
          await inner.putManifest({ repository, reference: tag, ...found });
          kept.set(tag, digest as Digest);
          return true;
        });
        if ((await push()) && !action.lost) await step('event', enter)(catalog, inner, digest as Digest, tag);
        return;
      }
      case 'sign': {
        const subject = descriptors[action.image] as Descriptor;
        const content = Buffer.from(`signature ${action.image}`);
        const push = step('sign', () =>
          pushArtifact(inner, repository, { type: 'application/x.signature', content, subject }),
        );
        const signature = await push();
        pushed.add(signature);
        if (!action.lost) await step('event', enter)(catalog, inner, signature);
        return;
      }
      case 'replicate': {
        await step('announce', async () => void waiting.add(digest as Digest))();
        for (let i = 0; i < QUEUED; i++) await s.schedule(Promise.resolve(), 'in the queue');
        const source = { ...inner, getManifest: step('get', inner.getManifest) };
        const graph = await walkClosedGraph(source, { repository, digest: digest as Digest });
        const target = createMemoryRegistry({ host: 'target.example' });
        if (graph) await copyGraph({ source, target, from: repository, repository }, graph);
        await step('copied', async () => void waiting.delete(digest as Digest))();
        return;
      }
      default:
        return action satisfies never;
    }
  };
  const begin = async ({ delay: turns, ...action }: Action): Promise<void> => {
    for (let i = 0; i < turns; i++) await s.schedule(Promise.resolve(), 'not yet');
    await act(action as Deed);
  };
  const all = Promise.all(todo.map(begin));
  await s.waitFor(all);
  // What holds must be there: it was granted, and nothing was to take it away after that.
  for (const [digest, why] of held) {
    if (!(await inner.headManifest({ repository, reference: digest }))) wrong.push(`${digest} is ${why} and gone`);
  }
  // What is archived and gone can be brought back.
  for (const { digest } of descriptors) {
    const isArchived = (await catalog.find({ ...of, digest }))?.archivedAt !== undefined;
    const isKept = await archive.headManifest({ repository: archiveRepository(of), reference: digest });
    if (isArchived && !(await isThere(digest)) && !isKept) wrong.push(`${digest} is neither here nor in the archive`);
  }
  return wrong;
}
