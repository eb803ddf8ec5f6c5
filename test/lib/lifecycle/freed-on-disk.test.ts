import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { catalogImage } from '../../../lib/inventory/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { carryOutPlan, planRegistry, retentionConfigSchema } from '../../../lib/lifecycle/index.ts';
import { createHttpRegistry } from '../../../lib/registry/adapters/http/create-http-registry.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memoryLedger } from '../../../lib/work/adapters/memory-ledger.ts';
import { pushArtifact, pushBuilt, pushIndex } from '../../support/push-images.ts';
import { type BuiltImage, buildImage, buildLayer } from '../sbom/image-builder.ts';

const START = '2026-06-01T00:00:00.000Z';
const PUSHED = '2026-01-01T00:00:00.000Z';
const DAY_MS = 24 * 3_600_000;

const layers = ['base', 'libs', 'app', 'more'].map((name, i) =>
  buildLayer([{ path: name, content: name.repeat(50 * (i + 1)) }]),
);

/** What is pushed to one of two repositories: an image of shared layers, an index over some, a signature of one. */
interface Push {
  readonly repository: 'one' | 'two';
  readonly layers: readonly number[];
  readonly goes: boolean;
  readonly indexed: boolean;
  readonly signed: boolean;
}
const push: fc.Arbitrary<Push> = fc.record({
  repository: fc.constantFrom('one', 'two'),
  layers: fc.uniqueArray(fc.nat(layers.length - 1), { minLength: 1, maxLength: 3 }),
  goes: fc.boolean(),
  indexed: fc.boolean(),
  signed: fc.boolean(),
});

async function withRegistry<T>(use: (parts: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'lading-freed-'));
  const parts = await open(directory);
  try {
    return await use(parts);
  } finally {
    parts.client.close();
    await parts.embedded.close();
    await rm(directory, { recursive: true, force: true });
  }
}

async function open(directory: string) {
  const clock = manualClock(START);
  const embedded = await startEmbeddedRegistry({ directory });
  const host = `localhost:${embedded.port}`;
  const client = createHttpRegistry({ host, url: new URL(embedded.url), allowInsecure: true, allowPrivate: true });
  const catalog = memoryCatalog(clock);
  const retention = memoryRetention(clock);
  const ports = {
    ...{ catalog, clock, ledger: memoryLedger(clock), replicated: () => false, judgements: { of: async () => ({}) } },
    ...{ leases: retention, usage: retention, quarantine: retention, collectors: retention },
    ...{ registry: client, archive: createMemoryRegistry({ host: 'archive' }) },
  };
  const enter = async (repository: string, digest: Digest, tag?: string): Promise<void> => {
    const at = { registry: host, repository, digest };
    const replicas = { sourceOf: async () => undefined };
    const entering = { catalog, replicas, registry: client, clock: manualClock(PUSHED) };
    await catalogImage(entering, { ...at, tags: [], pushedAt: PUSHED });
    if (tag !== undefined) await catalog.bindTag({ ...at, tag, boundAt: PUSHED });
  };
  const onDisk = async (): Promise<number> => {
    await embedded.store.collectGarbage({ graceMs: 0 });
    return embedded.store.diskUsage().bytes;
  };
  return { clock, embedded, client, host, ports, enter, onDisk };
}

type Parts = Awaited<ReturnType<typeof open>>;

async function pushAll({ client, enter }: Parts, pushes: readonly Push[]): Promise<void> {
  for (const [i, one] of pushes.entries()) {
    const { repository } = one;
    const built: BuiltImage = buildImage(one.layers.map((n) => layers[n] as (typeof layers)[number]));
    const tag = one.goes ? `t${i}` : `keep-${i}`;
    const image = await pushBuilt(client, repository, built, one.indexed ? undefined : tag);
    if (one.indexed) {
      await enter(repository, image);
      await enter(repository, await pushIndex(client, repository, [built.descriptor], tag), tag);
    } else await enter(repository, image, tag);
    if (!one.signed) continue;
    const content = Buffer.from(`signature ${i}`);
    const type = 'application/x.signature';
    await enter(repository, await pushArtifact(client, repository, { type, content, subject: built.descriptor }));
  }
}

const configOf = (quarantineDays: number) =>
  retentionConfigSchema.parse({
    policies: [{ name: 'p', rules: [{ name: 'r', select: { tags: ['t*'] }, action: 'expire' }] }],
    ...{ dryRun: false, maxDeletedShare: 1, quarantineDays },
  });

/** Plans and carries out; what was predicted, and by how much the disk holds less. */
async function run({ ports, host, onDisk }: Parts, quarantineDays: number) {
  const config = configOf(quarantineDays);
  const before = await onDisk();
  const plans = await planRegistry(ports, host, config);
  for (const [i, plan] of plans.entries()) {
    const reference = { key: 'x', digest: digestOf(`plan ${i} ${plan.plannedAt}`) };
    await carryOutPlan(ports, plan, reference, config, async (step) => {
      const { spared } = await step.perform();
      expect(spared).toBeUndefined();
    });
  }
  const sum = (pick: (plan: (typeof plans)[number]) => number) => plans.reduce((all, plan) => all + pick(plan), 0);
  return {
    freed: sum(({ freedBytes }) => freedBytes),
    due: sum(({ dueBytes }) => dueBytes),
    gone: before - (await onDisk()),
  };
}

/** `LADING_RETENTION_DISKS=1000` for so many registries. */
const numRuns = Number(process.env.LADING_RETENTION_DISKS ?? 8);

describe('bytes that a plan frees', () => {
  const pushes = fc.array(push, { minLength: 2, maxLength: 7 });

  it('are those that the disk of the registry holds less, exactly', async () => {
    await fc.assert(
      fc.asyncProperty(pushes, (all) =>
        withRegistry(async (parts) => {
          await pushAll(parts, all);
          const { freed, due, gone } = await run(parts, 0);
          expect({ due, gone }).toEqual({ due: 0, gone: freed });
        }),
      ),
      { numRuns },
    );
  });

  it('are none while it is set aside, and exactly those when it goes', async () => {
    await fc.assert(
      fc.asyncProperty(pushes, (all) =>
        withRegistry(async (parts) => {
          await pushAll(parts, all);
          const aside = await run(parts, 7);
          expect(aside).toMatchObject({ due: 0, gone: 0 });
          parts.clock.advance(8 * DAY_MS);
          const { due, gone } = await run(parts, 7);
          expect({ due, gone }).toEqual({ due: aside.freed, gone: aside.freed });
        }),
      ),
      { numRuns },
    );
  });
});
