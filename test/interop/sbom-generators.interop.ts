import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { localRegistry } from '../../infra/local/sample/push-sample.ts';
import { apkDatabase, buildImage, osRelease, packageJson } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { projectRoot } from '../support/stack.ts';
import { startProcess } from '../support/start-process.ts';
import type { InteropCheck } from './interop-check.ts';

const WAIT_MS = 90_000;

const statusSchema = z.object({
  runs: z.array(
    z.object({
      scanner: z.string(),
      state: z.string(),
      packages: z.number().optional(),
      reason: z.string().optional(),
      code: z.string().optional(),
    }),
  ),
});
const sbomsSchema = z.object({
  external: z.array(
    z.object({
      origin: z.string(),
      packages: z.number(),
      tool: z.object({ name: z.string() }).optional(),
      told: z.object({ compared: z.object({ with: z.string() }).optional() }).optional(),
    }),
  ),
});

/** Has a package that Syft lists and Trivy does not, so that one of them disagrees with us. */
const image = () =>
  buildImage([
    [osRelease('alpine', '3.18.4'), apkDatabase(['musl', '1.2.4-r1'])],
    [
      packageJson('app/node_modules/left', 'left', '1.0.0'),
      {
        path: 'usr/local/lib/luarocks/rocks-5.1/kong/3.6-0/kong-3.6-0.rockspec',
        content: 'package = "kong"\nversion = "3.6-0"\n',
      },
    ],
  ]);

async function generated(work: string): Promise<string> {
  process.env.TRIVY_SKIP_VERSION_CHECK = 'true';
  process.env.SYFT_CHECK_FOR_APP_UPDATE = 'false';
  const data = join(work, 'data');
  const child = startProcess(data, ['--no-sample', '--scanner', 'syft-sbom', '--scanner', 'trivy-sbom']);
  try {
    await child.printed('Push your own');
    const { registries, api } = child.file();
    const [registry] = registries;
    const digest = await pushBuilt(localRegistry(registry?.url ?? ''), 'team/app', image(), 'v1');
    const ref = `${registry?.host}/team/app@${digest}`;
    const runs = await until(
      async () => statusSchema.parse(await json(`${api}/api/scanners?limit=50&ref=${encodeURIComponent(ref)}`)).runs,
      (all) => all.length === 2 && all.every(({ state }) => state === 'completed'),
    );
    const external = await until(
      async () => sbomsSchema.parse(await json(`${api}/api/sboms?ref=${encodeURIComponent(ref)}`)).external,
      (all) => all.length === 2 && all.every(({ told }) => told?.compared !== undefined),
    );
    const kept = external.map(({ origin, tool, packages }) => [origin, tool?.name, packages]).sort();
    assert.deepEqual(kept, [
      ['task', 'syft', 3],
      ['task', 'trivy', 2],
    ]);
    assert.deepEqual(runs.map(({ scanner, packages }) => `${scanner} ${packages}`).sort(), [
      'syft-sbom 3',
      'trivy-sbom 2',
    ]);
    const main = join(projectRoot, 'lib', 'cli', 'main.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [main, 'events', '--data', data, '-o', 'json']);
    const disagreed = stdout.split('"SBOM Disagreed"').length - 1;
    assert.ok(disagreed > 0, 'nothing was told of the package that Trivy does not list');
    return 'set to work by a push; both kept and compared with ours, and the one that lists less disagrees';
  } finally {
    child.kill('SIGTERM');
    await child.ended;
  }
}

async function json(url: string): Promise<unknown> {
  const answer = await fetch(url);
  assert.ok(answer.ok, `${url}: ${answer.status}`);
  return answer.json();
}

async function until<T>(ask: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (const end = Date.now() + WAIT_MS; ; await wait(500)) {
    const value = await ask().catch((error: unknown) => String(error));
    if (typeof value !== 'string' && isDone(value)) return value;
    assert.ok(Date.now() < end, `it did not come to an end: ${JSON.stringify(value)}`);
  }
}

export const checks: readonly InteropCheck[] = [
  { name: 'SBOM generators: Syft and Trivy as tasks', needs: ['syft', 'trivy'], run: ({ work }) => generated(work) },
];
