import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { localRegistry } from '../../infra/local/sample/push-sample.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { callService } from '../../lib/registry/adapters/credentials/call-service.ts';
import { scannersConfigSchema } from '../../lib/scanners/config.ts';
import { trivyServerDriver } from '../../lib/scanners/index.ts';
import type { PackagesOfImage } from '../../lib/scanners/ports.ts';
import { apkDatabase, buildImage, osRelease, packageJson } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { projectRoot } from '../support/stack.ts';
import { startProcess } from '../support/start-process.ts';
import { grypeDatabase } from './grype-database.ts';
import type { InteropCheck } from './interop-check.ts';
import { type TrivyAdvisory, trivyDatabase } from './trivy-database.ts';

const WAIT_MS = 180_000;

/** What each of the three knows: all of `left`, two of `musl`, one of `right`. */
const forTrivy: readonly TrivyAdvisory[] = [
  {
    ...{ Bucket: 'npm::GitHub Security Advisory npm', Package: 'left', ID: 'CVE-2026-1002', Severity: 'HIGH' },
    Value: { PatchedVersions: ['1.0.1'], VulnerableVersions: ['<1.0.1'] },
  },
  {
    ...{ Bucket: 'alpine 3.18', Package: 'musl', ID: 'CVE-2026-1003', Severity: 'LOW' },
    Value: { FixedVersion: '1.2.4-r9' },
  },
];
const forGrype = [
  { id: 'CVE-2026-1002', name: 'left', fixed: '1.0.1', severity: 'high' },
  { id: 'CVE-2026-1004', name: 'right', fixed: '2.0.1', severity: 'medium' },
];
const osv = (id: string, ecosystem: string, name: string, fixed: string, severity: string) => ({
  ...{ id, modified: '2026-01-01T00:00:00Z', database_specific: { severity } },
  affected: [
    { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }] },
  ],
});
const forLading = [
  osv('CVE-2026-1002', 'npm', 'left', '1.0.1', 'HIGH'),
  osv('CVE-2026-1003', 'Alpine:v3.18', 'musl', '1.2.4-r9', 'LOW'),
];
const image = () =>
  buildImage([
    [osRelease('alpine', '3.18.4'), apkDatabase(['musl', '1.2.4-r1'])],
    [
      packageJson('app/node_modules/left/package.json', 'left', '1.0.0'),
      packageJson('app/node_modules/right/package.json', 'right', '2.0.0'),
    ],
  ]);

const status = z.object({
  runs: z.array(z.object({ scanner: z.string(), state: z.string(), reason: z.string().optional() })),
});
const votes = z.object({
  voters: z.array(z.object({ voter: z.string(), version: z.string().optional() })),
  agreements: z.array(
    z.object({ id: z.string(), found: z.array(z.object({ voter: z.string() })), dissent: z.array(z.string()) }),
  ),
});

async function pushedToStack(work: string): Promise<string> {
  trivyDatabase(work, join(work, 'cache'), forTrivy);
  const variables = {
    ...{ TRIVY_CACHE_DIR: join(work, 'cache'), TRIVY_SKIP_DB_UPDATE: 'true', TRIVY_SKIP_JAVA_DB_UPDATE: 'true' },
    ...{ TRIVY_OFFLINE_SCAN: 'true', TRIVY_SKIP_VERSION_CHECK: 'true' },
    ...grypeDatabase(join(work, 'grype'), forGrype),
  };
  Object.assign(process.env, variables);
  writeFileSync(join(work, 'osv.jsonl'), forLading.map((one) => JSON.stringify(one)).join('\n'));
  const data = join(work, 'data');
  const scanners = ['--scanner', 'trivy', '--scanner', 'grype'];
  const child = startProcess(data, ['--no-sample', '--advisories', join(work, 'osv.jsonl'), ...scanners]);
  try {
    await child.printed('Push your own');
    const { registries, api } = child.file();
    const url = registries[0]?.url ?? '';
    const digest = await pushBuilt(localRegistry(url), 'team/app', image(), 'v1');
    const ref = `localhost:${new URL(url).port}/team/app@${digest}`;
    const cli = async (...args: readonly string[]): Promise<string> => {
      const main = join(projectRoot, 'lib', 'cli', 'main.ts');
      const { stdout } = await promisify(execFile)(process.execPath, [main, ...args, '--data', data]).catch(
        (error: { readonly stdout?: string; readonly stderr?: string }) => {
          if (error.stdout) return { stdout: error.stdout };
          throw new Error(error.stderr ?? String(error));
        },
      );
      return stdout;
    };
    await ended(() => cli('scanners', 'status', ref, '-o', 'json'));
    const said = votes.parse(JSON.parse(await cli('votes', ref, '-o', 'json')));
    assert.deepEqual(said.voters.map(({ voter }) => voter).sort(), ['grype', 'trivy']);
    const view = said.agreements.map(({ id, found, dissent }) => [id, found.map(({ voter }) => voter), dissent]);
    assert.deepEqual(view.sort(), [
      ['CVE-2026-1002', ['lading', 'grype', 'trivy'], []],
      ['CVE-2026-1003', ['lading', 'trivy'], ['grype']],
      ['CVE-2026-1004', ['grype'], ['lading', 'trivy']],
    ]);
    const [registry] = registries;
    const page = await fetch(`${api}/votes?ref=${encodeURIComponent(`${registry?.host}/team/app@${digest}`)}`);
    assert.match(await page.text(), /1 of 3 without dissent/);
    await assert.rejects(cli('scanners', 'run', ref, '--with', 'clair'), /clair is not configured/);
    assert.match(await cli('scanners', 'run', ref, '--with', 'trivy', '-o', 'json'), /"trivy"/);
    return `both triggered by a push; ${said.agreements.length} findings side by side, dissent on 2, by CLI and page`;
  } finally {
    child.kill('SIGTERM');
    await child.ended;
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

async function ended(ask: () => Promise<string>): Promise<void> {
  for (const until = Date.now() + WAIT_MS; ; ) {
    const { runs: all } = await ask().then(
      (text) => status.parse(JSON.parse(text)),
      () => ({ runs: [] }),
    );
    // The next ones are arranged for days to come.
    const runs = all.filter(({ reason }) => reason !== 'again');
    const failed = runs.find(({ state }) => state === 'failed' || state === 'timed-out');
    assert.equal(failed, undefined, `${failed?.scanner} ${failed?.state}: ${failed?.reason}`);
    if (runs.length === 2 && runs.every(({ state }) => state === 'completed')) return;
    assert.ok(Date.now() < until, `the runs did not end: ${JSON.stringify(runs)}`);
    await wait(500);
  }
}

/** Trivy itself, as a server with a token, given what is in an image by its Twirp API. */
async function askedAsServer(work: string): Promise<string> {
  trivyDatabase(work, join(work, 'cache'), forTrivy);
  const port = await freePort();
  const args = ['server', '--listen', `127.0.0.1:${port}`, '--token', 'secret', '--skip-db-update', '--quiet'];
  const program = 'trivy';
  const server = spawn(program, [...args, '--cache-dir', join(work, 'cache')], { stdio: 'ignore' });
  try {
    await reachable(port);
    const url = `http://127.0.0.1:${port}`;
    const open = { allowInsecure: true, allowPrivate: true };
    const [config] = scannersConfigSchema.parse({ use: [{ kind: 'trivy-server', url, ...open }] }).use;
    assert.ok(config?.kind === 'trivy-server');
    const driver = (token: string, packages: PackagesOfImage) =>
      trivyServerDriver(config, {
        call: ({ allowPrivate, allowInsecure, timeMs: _timeMs, ...call }) => callService(call, open),
        packages: { of: async () => packages },
        clock: systemClock,
        token: async () => token,
      });
    const digest = digestOf('image');
    const subject = { registry: 'registry.example', repository: 'app', digest, mediaType: 'image', tags: [] };
    const run = {
      ...{ subject, scanner: 'trivy-server', day: '2026-11-24', requestedAt: '2026-11-24T00:00:00.000Z' },
      ...{ requestedBy: 'test', attempts: 1, revision: 1 },
      state: { kind: 'waiting', reason: 'new', notBefore: '2026-11-24T00:00:00.000Z' } as const,
    };
    const inside: PackagesOfImage = {
      ...{ distro: { id: 'alpine', versionId: '3.18.4' }, complete: true },
      packages: [
        {
          type: 'apk',
          name: 'musl',
          version: '1.2.4-r1',
          purl: 'pkg:apk/alpine/musl@1.2.4-r1',
          path: 'lib/apk/db/installed',
        },
        {
          type: 'npm',
          name: 'left',
          version: '1.0.0',
          purl: 'pkg:npm/left@1.0.0',
          path: 'app/node_modules/left/package.json',
        },
      ],
    };
    const progress = await driver('secret', inside).start(run, 'id');
    assert.ok(progress.kind === 'reported', JSON.stringify(progress));
    const found = progress.report.findings.map(({ id, package: { name }, severity, fixedVersions }) =>
      [id, name, severity, ...fixedVersions].join(' '),
    );
    assert.deepEqual(found.sort(), ['CVE-2026-1002 left high 1.0.1', 'CVE-2026-1003 musl low 1.2.4-r9']);
    assert.equal(progress.report.database?.builtAt?.slice(0, 4), '2026');
    await assert.rejects(driver('wrong', inside).start(run, 'id'), { code: 'scanner-denied' });
    return `${found.length} findings by Twirp without reading a layer; a wrong token is refused`;
  } finally {
    server.kill('SIGKILL');
    await once(server, 'close');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

async function reachable(port: number): Promise<void> {
  for (const until = Date.now() + WAIT_MS; ; await wait(100)) {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    assert.ok(Date.now() < until, 'the Trivy server did not start');
  }
}

export const checks: readonly InteropCheck[] = [
  {
    name: 'scanners: Trivy and Grype, set to work by a push',
    needs: ['trivy', 'grype', 'go'],
    run: ({ work }) => pushedToStack(work),
  },
  {
    name: 'scanners: a Trivy server, by its Twirp API',
    needs: ['trivy', 'go'],
    run: ({ work }) => askedAsServer(work),
  },
];
