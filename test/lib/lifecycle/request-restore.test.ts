import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { dynamoRestores } from '../../../lib/lifecycle/adapters/dynamo-restores.ts';
import { memoryRestores } from '../../../lib/lifecycle/adapters/memory-restores.ts';
import {
  archiveRepository,
  type RestoreLog,
  requestRestore,
  retentionConfigSchema,
} from '../../../lib/lifecycle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { startDynamo } from '../../support/dynamo.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { buildImage, buildLayer } from '../sbom/image-builder.ts';
import { entry } from '../storage/fill-catalog.ts';

const MINUTE = 60_000;
const DAY = 24 * 3600 * 1000;
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

describe.each([['memory'], ['DynamoDB']] as const)('the limits of restores, in %s', (kind) => {
  const limits = { maxPerDay: 3, maxPerRepositoryPerDay: 2, maxBytesPerDay: 1000 };
  let clock: ReturnType<typeof manualClock>;
  let restores: RestoreLog;
  let registry: string;
  let runs = 0;
  beforeEach(() => {
    clock = manualClock('2026-06-01T10:00:00.000Z');
    registry = `r${runs++}.example`;
    restores = kind === 'memory' ? memoryRestores(clock) : dynamoRestores(dynamo.table, clock);
  });
  const begin = (repository: string, name: string, bytes = 10) =>
    restores.begin({ registry, repository }, { digest: digestOf(name), bytes }, limits);

  it('let one of many who ask at once begin, and another one where it was not done in time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => begin('a', 'x')));
    expect(answers.filter((answer) => answer === 'begun')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'under-way')).toHaveLength(19);
    clock.advance(16 * MINUTE);
    expect(await begin('a', 'x')).toBe('begun');
  });

  it('are of each repository and of all, and begin anew with the day', async () => {
    expect([await begin('a', '1'), await begin('a', '2'), await begin('a', '3')]).toEqual(['begun', 'begun', 'spent']);
    expect([await begin('b', '1'), await begin('b', '2')]).toEqual(['begun', 'spent']);
    clock.advance(DAY);
    expect(await begin('a', '3')).toBe('begun');
  });

  it('are of bytes as well, and what is refused is not under way', async () => {
    expect(await begin('a', '1', 1001)).toBe('spent');
    expect(await begin('a', '1', 1001)).toBe('spent');
    expect([await begin('a', '2', 900), await begin('b', '3', 101)]).toEqual(['begun', 'spent']);
    expect(await begin('b', '4', 100)).toBe('begun');
  });
});

describe('a pull of what its registry lacks', () => {
  const of = { registry: 'memory.example', repository: 'team/app' };
  const config = retentionConfigSchema.parse({ restore: { repositories: ['team/**'], maxPerRepositoryPerDay: 1 } });

  async function world() {
    const clock = manualClock('2026-06-01T10:00:00.000Z');
    const archive = createMemoryRegistry({ host: 'archive' });
    const image = buildImage([buildLayer([{ path: 'a', content: 'a' }])]);
    const other = buildImage([buildLayer([{ path: 'b', content: 'b' }])]);
    await pushBuilt(archive, archiveRepository(of), image, 'v1');
    await pushBuilt(archive, archiveRepository(of), other, 'v2');
    const catalog = memoryCatalog();
    const { digest } = image.descriptor;
    await catalog.enter({ ...entry(of.repository, 'v1'), ...of, digest, sizeBytes: 5000 });
    await catalog.markDeleted({ ...of, digest }, '2026-05-01T00:00:00.000Z');
    await catalog.markArchived({ ...of, digest }, '2026-05-01T00:00:00.000Z');
    const ports = { catalog, archive, restores: memoryRestores(clock), clock };
    const ask = (reference: string, repository = of.repository, settings = config) =>
      requestRestore(ports, { ...of, repository, reference }, 'somebody', settings);
    return { ...ports, digest, ask };
  }

  it('asks once for what is archived, by tag or digest, and tells all others to come again', async () => {
    const { ask, digest } = await world();
    const first = await ask('v1');
    expect(first).toMatchObject({ kind: 'restoring', digest, bytes: 5000, retryAfterSeconds: 3 });
    expect(first.kind === 'restoring' && first.events).toMatchObject([
      { data: { subject: { ...of, digest }, reason: 'pulled by somebody as v1' } },
    ]);
    expect(await ask(digest)).toMatchObject({ kind: 'restoring', events: [] });
  });

  it('asks for nothing that is not archived, in a repository that is left out, or where it is switched off', async () => {
    const { ask } = await world();
    expect(await ask('v3')).toEqual({ kind: 'not-archived' });
    expect(await ask('v1', 'other/app')).toEqual({ kind: 'not-archived' });
    const off = retentionConfigSchema.parse({ restore: { onPull: false } });
    expect(await ask('v1', of.repository, off)).toEqual({ kind: 'not-archived' });
  });

  it('asks for nothing that is there by now', async () => {
    const { ask, catalog, digest } = await world();
    await catalog.enter({ ...entry(of.repository, 'v1'), ...of, digest });
    expect(await ask('v1')).toMatchObject({ kind: 'restoring', retryAfterSeconds: 2, events: [] });
  });

  it('is told when the day begins anew where pulls have brought back enough', async () => {
    const { ask } = await world();
    await ask('v1');
    expect(await ask('v2')).toMatchObject({ kind: 'limited', retryAfterSeconds: 14 * 3600 });
  });
});
