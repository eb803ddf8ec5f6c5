import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { type Descriptor, parseManifest } from '../../../lib/formats/oci/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import type { CatalogEntry, ImageCatalog } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { expireGraph, planRetention, retentionConfigSchema, whatIsUnknown } from '../../../lib/lifecycle/index.ts';
import type { HoldStore, LeaseStore, Tribunal } from '../../../lib/lifecycle/ports.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { type Registry, walkClosedGraph } from '../../../lib/registry/index.ts';
import { copyGraph } from '../../../lib/replication/index.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { pushArtifact, pushBuilt, pushIndex } from '../../support/push-images.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';

const of = { registry: 'memory.example', repository: 'team/app' };
const { repository } = of;
const start = '2026-06-01T00:00:00.000Z';
const later = '2027-01-01T00:00:00.000Z';
const old = '2026-01-01T00:00:00.000Z';

const images = ['a', 'b', 'c', 'd'].map((name) => buildImage([buildLayer([{ path: name, content: name }])]));
const descriptors = images.map(({ descriptor }) => descriptor);
/** Everything tagged `t…` expires. */
const config = retentionConfigSchema.parse({
  policies: [{ name: 'p', rules: [{ name: 'r', select: { tags: ['t*'] }, action: 'expire' }] }],
  graceHours: 0.000_1,
  dryRun: false,
  maxDeletedShare: 1,
});

/** What an event does to the catalogue; a lost event does nothing. */
async function enter(catalog: ImageCatalog, registry: Registry, digest: Digest, tag?: string): Promise<void> {
  const found = await registry.getManifest({ repository, reference: digest });
  if (!found) return;
  const manifest = parseManifest(found.bytes, found.mediaType, { digest });
  const entry: CatalogEntry = {
    ...of,
    digest,
    mediaType: found.mediaType,
    artifactClass: manifest.kind === 'index' ? 'index' : manifest.subject ? 'signature' : 'image',
    ...(manifest.subject ? { referrerOf: manifest.subject.digest } : {}),
    children:
      manifest.kind === 'index'
        ? manifest.manifests.map(({ digest: child, mediaType, size }) => ({ digest: child, mediaType, size }))
        : [],
    layers: [],
    sizeBytes: found.bytes.length,
    labels: {},
    pushedAt: old,
    firstSeenAt: old,
  };
  await catalog.enter(entry);
  if (tag !== undefined) await catalog.bindTag({ ...of, tag, digest, boundAt: old });
}

type Action =
  | { readonly kind: 'expire' }
  | { readonly kind: 'lease'; readonly image: number }
  | { readonly kind: 'push index'; readonly children: readonly number[]; readonly tag: string; readonly lost: boolean }
  | { readonly kind: 'sign'; readonly image: number; readonly lost: boolean }
  | { readonly kind: 'replicate'; readonly image: number };

const image = fc.nat(images.length - 1);
const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Action>({ kind: 'expire' }) },
    { weight: 3, arbitrary: image.map((n): Action => ({ kind: 'lease', image: n })) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.uniqueArray(image, { minLength: 1, maxLength: 2 }),
          fc.constantFrom('keep-1', 'keep-2', 't-i'),
          fc.boolean(),
        )
        .map(([children, tag, lost]): Action => ({ kind: 'push index', children, tag, lost })),
    },
    fc.tuple(image, fc.boolean()).map(([n, lost]): Action => ({ kind: 'sign', image: n, lost })),
    image.map((n): Action => ({ kind: 'replicate', image: n })),
  ),
  { minLength: 2, maxLength: 6 },
);

interface Defences {
  readonly tribunal: boolean;
  readonly catalogCheck: boolean;
}

/** Runs the actions side by side, each step where the scheduler puts it, and answers with what went wrong. */
async function race(s: fc.Scheduler, todo: readonly Action[], defences: Defences): Promise<readonly string[]> {
  const clock = manualClock(start);
  const inner = createMemoryRegistry({ host: of.registry });
  const retention = memoryRetention(clock);
  const catalog = memoryCatalog();
  for (const [n, built] of images.entries()) {
    const digest = await pushBuilt(inner, repository, built, `t${n}`);
    await enter(catalog, inner, digest, `t${n}`);
  }
  const wrong: string[] = [];
  /** Leases that were granted, and indexes: what was there when a deletion compared catalogue and registry counts. */
  const held = new Set<Digest>();
  const indexes = new Map<Digest, readonly Descriptor[]>();

  /** A call takes effect when the scheduler lets it, and is answered when it lets that. */
  const step =
    <A extends unknown[], R>(name: string, call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await s.schedule(Promise.resolve(), name);
      const result = await call(...given);
      await s.schedule(Promise.resolve(), `${name}: answer`);
      return result;
    };
  const leases: Pick<LeaseStore, 'leases' | 'hold'> & Pick<HoldStore, 'holds'> & Tribunal = {
    holds: retention.holds,
    leases: step('leases', retention.leases),
    hold: step('hold', retention.hold),
    condemn: defences.tribunal ? step('condemn', retention.condemn) : async () => true,
    reprieve: step('reprieve', retention.reprieve),
  };
  const pushed = new Set<Digest>(descriptors.map(({ digest }) => digest));
  /** What ECR tells: every tag, and what has none. */
  async function* listImages() {
    const tagged = new Set<Digest>();
    for await (const tag of inner.listTags(repository)) {
      const digest = (await inner.headManifest({ repository, reference: tag }))?.digest;
      if (digest === undefined) continue;
      tagged.add(digest);
      yield { tag, digest };
    }
    for (const digest of pushed) {
      if (!tagged.has(digest) && (await inner.headManifest({ repository, reference: digest }))) yield { digest };
    }
  }
  const expire = async (): Promise<void> => {
    const plan = planRetention({
      of,
      entries: await Array.fromAsync(catalog.entries(of)),
      tags: await Array.fromAsync(catalog.tags(of)),
      leases: await leases.leases(of),
      heldElsewhere: () => false,
      config,
      now: clock.now(),
    });
    const registry = {
      ...inner,
      headManifest: step('head', inner.headManifest),
      listReferrers: step('referrers', inner.listReferrers),
      listImages,
    };
    const before = new Map(indexes);
    if (defences.catalogCheck && (await whatIsUnknown({ registry, catalog }, of)) !== undefined) return;
    for (const graph of plan.expire) {
      const deleteManifest = step('delete', async (at: { repository: string; digest: Digest }) => {
        if (held.has(at.digest)) wrong.push(`${at.digest} was deleted while it was leased`);
        for (const [index, children] of before) {
          const isThere = (await inner.headManifest({ repository, reference: index })) !== undefined;
          if (isThere && children.some(({ digest }) => digest === at.digest))
            wrong.push(`a child of ${index} was deleted`);
        }
        return await inner.deleteManifest(at);
      });
      const ports = {
        ...{ catalog, leases, usage: retention, quarantine: retention, ledger: memoryLedger(clock), clock },
        ...{ registry: { ...registry, deleteManifest }, replicated: () => false },
      };
      await expireGraph(ports, of, graph, { digest: digestOf('plan'), plannedAt: start });
    }
  };
  const act = async (action: Action): Promise<void> => {
    switch (action.kind) {
      case 'expire':
        return await expire();
      case 'lease': {
        const digest = descriptors[action.image]?.digest as Digest;
        if ((await leases.hold(of, { digest, reason: 'ecs/web', until: later })) === 'held') held.add(digest);
        return;
      }
      case 'push index': {
        const children = action.children.map((n) => descriptors[n] as Descriptor);
        const push = step('push', async () => {
          const digest = await pushIndex(inner, repository, children, action.tag);
          indexes.set(digest, children);
          pushed.add(digest);
          return digest;
        });
        // A registry refuses an index over something that is gone.
        const digest = await push().catch(() => undefined);
        if (digest !== undefined && !action.lost) await step('event', enter)(catalog, inner, digest, action.tag);
        return;
      }
      case 'sign': {
        const subject = descriptors[action.image] as Descriptor;
        const content = Buffer.from(`signature ${action.image}`);
        const push = step('sign', () =>
          pushArtifact(inner, repository, { type: 'application/x.signature', content, subject }),
        );
        const digest = await push();
        pushed.add(digest);
        if (!action.lost) await step('event', enter)(catalog, inner, digest);
        return;
      }
      case 'replicate': {
        const digest = descriptors[action.image]?.digest as Digest;
        const source = { ...inner, getManifest: step('get', inner.getManifest) };
        const graph = await walkClosedGraph(source, { repository, digest });
        const target = createMemoryRegistry({ host: 'target.example' });
        if (graph) await copyGraph({ source, target, from: repository, repository }, graph);
        return;
      }
      default:
        return action satisfies never;
    }
  };
  const all = Promise.all(todo.map((action) => act(action)));
  await s.waitFor(all);
  // What holds must be there: a lease on it was granted, and nothing was to take it away after that.
  for (const digest of held) {
    if (!(await inner.headManifest({ repository, reference: digest }))) wrong.push(`${digest} is leased and gone`);
  }
  return wrong;
}

/** `LADING_RETENTION_INTERLEAVINGS=50000` for as many. */
const numRuns = Number(process.env.LADING_RETENTION_INTERLEAVINGS ?? 400);

describe('a deletion beside pushes, signatures, leases and replication, with events lost', () => {
  it('never takes what is leased or listed by an index', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), actions, async (s, todo) => {
        expect(await race(s, todo, { tribunal: true, catalogCheck: true })).toEqual([]);
      }),
      { numRuns },
    );
  });

  it.each<[string, Defences, string]>([
    ['deciding between lease and deletion', { tribunal: false, catalogCheck: true }, 'leased'],
    ['comparing the catalogue with the registry', { tribunal: true, catalogCheck: false }, 'a child of'],
  ])('would, without %s', async (_what, defences, what) => {
    const result = await fc.check(
      fc.asyncProperty(fc.scheduler(), actions, async (s, todo) => {
        const wrong = await race(s, todo, defences);
        return !wrong.some((one) => one.includes(what));
      }),
      { numRuns: 3_000 },
    );
    expect(result.failed).toBe(true);
  });
});
