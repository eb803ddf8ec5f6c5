import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { retrySoon } from '../../infra/local/running.ts';
import { localRegistry } from '../../infra/local/sample/push-sample.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';

const SOURCE = '000000000000.dkr.ecr.eu-central-1.amazonaws.com';
const rule = {
  name: 'to-them',
  from: SOURCE,
  repositories: ['large/**'],
  to: [{ registry: FOREIGN_HOST, prefix: 'mirror/' }],
};
const largeWork = {
  subnets: ['subnet-00000000'],
  // Nothing is pulled: the local ECS runs the bundles.
  image: `local/node@sha256:${'0'.repeat(64)}`,
  aboveBytes: 100_000,
};

interface TaskEnd {
  readonly group: string;
  readonly startedBy: string;
  readonly containers: readonly { readonly exitCode?: number }[];
}

/** Tasks are processes that this one started. */
async function killTasks(): Promise<number> {
  let killed = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [status, command] = await Promise.all(
      ['status', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    );
    const parent = /^PPid:\s*(\d+)$/m.exec(status ?? '')?.[1];
    if (parent !== String(process.pid) || !command?.includes('await task()')) continue;
    process.kill(Number(pid), 'SIGKILL');
    killed++;
  }
  return killed;
}

describe.skipIf(process.platform !== 'linux')('large work (its tasks are found in /proc, which only Linux has)', () => {
  const ended: TaskEnd[] = [];
  let uploads: string[] = [];
  let kill: (() => Promise<void>) | undefined;
  let killed = 0;
  /** Blobs that were at the target when the tasks were killed. */
  const arrived: string[] = [];
  let folder: string;
  let target: EmbeddedRegistry;
  let proxy: CountingProxy;
  let system: TestStack;
  let digest: Digest;

  const digestIn = (path: string): string => new URL(path, target.url).searchParams.get('digest') ?? '';
  const hasBlob = (one: string) =>
    fetch(`${target.url}/v2/mirror/large/app/blobs/${one}`, { method: 'HEAD' }).then(({ ok }) => ok);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-large-'));
    target = await startEmbeddedRegistry({ directory: folder, onProblem: (error) => expect.fail(String(error)) });
    proxy = await startCountingProxy(target.url, async ({ method, path }) => {
      if (method === 'PUT' && path.includes('/blobs/uploads/')) uploads.push(digestIn(path));
      if (method !== 'PUT' || !path.includes('/manifests/') || kill === undefined) return 'through';
      // Blobs are there, and no manifest: what is killed now has its work half done.
      // The request is held until then: whoever made it is one of them.
      const killNow = kill;
      kill = undefined;
      await killNow();
      return 'request-lost';
    });
    system = await startTestStack({
      instead: { 'http://127.0.0.1:9': proxy.url },
      // Seldom enough for the queues that know no tasks, often enough to see the end of a lease soon.
      retryAfterSeconds: (receives) => Math.min(2, retrySoon(receives)),
      settings: { largeWork, replication: { largeBytes: 200_000, rules: [rule] } },
      intercept(event) {
        // Each would be copied again for what was attested, at the same time; two that meet at a tag make way for each other.
        if (event['detail-type'] === 'Image Attested') return [];
        if (event['detail-type'] === 'ECS Task State Change') ended.push(event.detail as TaskEnd);
        const detail = event.detail as { data?: { artifactClass?: string; subject?: { repository: string } } };
        if (event['detail-type'] !== 'Image Cataloged' || detail.data?.artifactClass !== 'image') return [event];
        // As if it were so large; what is read stays a test's image.
        return [{ ...event, detail: { ...detail, data: { ...detail.data, sizeBytes: 3 * 1024 ** 3 } } }];
      },
    });
    kill = async () => {
      killed = await killTasks();
      const sent = uploads;
      uploads = [];
      for (const one of sent) if (await hasBlob(one)) arrived.push(one);
    };
    const image = buildImage([
      [osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])],
      [{ path: 'app', content: randomBytes(150_000).toString('hex') }],
    ]);
    digest = await pushBuilt(system.source.client, 'large/app', image, 'v1');
    await system.settle();
  });
  afterAll(async () => {
    await system?.close();
    await proxy?.close();
    await target?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const tasksOf = (name: string) => ended.filter(({ group }) => group === `family:lading-${name}`);
  const work = async (stage: string) =>
    (await system.ledger.list(locationKey(system.location('large/app', digest)))).filter((one) => one.stage === stage);

  it('has its SBOM made by a task', async () => {
    const tasks = tasksOf('create-large-sbom');
    expect(tasks.map(({ containers, startedBy }) => [containers[0]?.exitCode, startedBy])).toEqual([
      [0, 'lading-large-work'],
    ]);
    expect(await work('sbom')).toMatchObject([{ state: 'completed', attempts: 2 }]);
    expect(await system.overview(system.location('large/app', digest))).toMatchObject({ settled: true });
  });

  it('is copied by tasks, and by others that go on where those were killed', async () => {
    expect(killed).toBeGreaterThan(0);
    const there = await localRegistry(target.url).headManifest({ repository: 'mirror/large/app', reference: 'v1' });
    expect(there?.digest).toBe(digest);
    const copies = await work('replicate-again');
    const exitCodes = () => tasksOf('replicate-large-image').map(({ containers }) => containers[0]?.exitCode);
    expect(copies).toHaveLength(1);
    // A task has done its work a moment before its process ends and ECS tells of it.
    await vi.waitFor(() => expect(exitCodes().filter((code) => code === 0)).toHaveLength(copies.length), 20_000);
    const codes = exitCodes();
    expect(codes.filter((code) => code === 137)).toHaveLength(killed);
    for (const { state } of copies) expect(state).toBe('completed');
    // Each task counts as two attempts: no function has done any of it.
    expect(copies.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(2 * codes.length);
    expect(arrived.length).toBeGreaterThan(1);
    expect(uploads.filter((one) => arrived.includes(one))).toEqual([]);
  });

  it('needs no right that it has not', () => {
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.deadLetters()).toEqual({});
  });
});
