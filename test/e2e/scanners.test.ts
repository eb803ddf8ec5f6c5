import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { scannerAnswers } from '../../lib/console/scanner-schemas.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { pushBuilt } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

type Runs = z.infer<typeof scannerAnswers.scanners>['runs'];

/** Stands for a scanner: says how it was called, and writes a report of one finding about the image that it was given. */
const program = (name: string, report: string): string => `#!${process.execPath}
const { existsSync, writeFileSync } = require('node:fs');
const folder = ${JSON.stringify('FOLDER')};
const args = process.argv.slice(2);
writeFileSync(folder + '/called-${name}', JSON.stringify({ args, variables: Object.keys(process.env) }));
if (existsSync(folder + '/fail-${name}')) { console.error('the database is too old'); process.exit(3); }
const digest = /sha256:[0-9a-f]{64}/.exec(args.at(-1))[0];
const output = args.includes('--output') && args[args.indexOf('--output') + 1].replace('json=', '');
writeFileSync(output, JSON.stringify(${report}));
`;

const TRIVY = `{
  SchemaVersion: 2, ArtifactName: args.at(-1), Metadata: { RepoDigests: ['x@' + digest] },
  Results: [{ Type: 'alpine', Vulnerabilities: [
    { VulnerabilityID: 'CVE-2026-7001', PkgName: 'musl', InstalledVersion: '1.1.22-r3', FixedVersion: '1.1.24-r0', Severity: 'CRITICAL' }] }] }`;
const GRYPE = `{ matches: [], source: { target: { userInput: args.at(-1), repoDigests: ['x@' + digest] } },
  descriptor: { name: 'grype', version: '1', db: { status: { built: '2026-11-24T00:00:00Z', schemaVersion: '6' } } } }`;

describe('scanners that the stack sets to work', () => {
  const path = process.env.PATH;
  let folder: string;
  let system: TestStack;
  let image: ImageLocation;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lading-scanners-'));
    await mkdir(join(folder, 'bin'));
    for (const [name, report] of [['trivy', TRIVY] as const, ['grype', GRYPE] as const]) {
      const file = join(folder, 'bin', name);
      await writeFile(file, program(name, report).replace('FOLDER', folder));
      await chmod(file, 0o755);
    }
    await writeFile(join(folder, 'fail-grype'), '');
    // Nothing else is there: "docker-scout" is absent wherever this runs.
    process.env.PATH = join(folder, 'bin');
    const votes = { count: ['lading', 'trivy', 'grype'], missing: 'quarantine', rule: 'any' };
    system = await startTestStack({ scanners: ['trivy', 'grype', 'docker-scout'], settings: { policy: { votes } } });
    await system.run('sync-advisories');
    const built = buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])]]);
    const digest = await pushBuilt(system.source.client, 'lading/app', built, 'v1');
    image = system.location('lading/app', digest);
    await system.settle();
  });
  afterAll(async () => {
    process.env.PATH = path;
    await system?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const ref = () => encodeURIComponent(locationKey(image));
  const runs = async (): Promise<Runs> =>
    scannerAnswers.scanners
      .parse(await (await system.ask(`/api/scanners?ref=${ref()}`)).json())
      // The next ones are arranged for days to come.
      .runs.filter(({ reason }) => reason !== 'again');
  /** Tasks run beside the stack, which does not know of them: it is asked until all have ended, and then let settle. */
  async function ended(): Promise<ReadonlyMap<string, Runs[number]>> {
    for (let looked = 1; ; looked++) {
      const found = await runs();
      if (found.length > 0 && found.every(({ endedAt }) => endedAt !== undefined)) {
        await system.settle();
        return new Map(found.map((run) => [run.scanner, run]));
      }
      await wait(50);
      // A task can end before it is written down that it runs: then it is the clock that tells.
      if (looked % 40 === 0) await system.run('keep-appointments');
    }
  }
  const verdict = async () => (await system.overview(image)).verdict;
  const ask = (body: unknown) =>
    system.ask(`/api/scanners/run?ref=${ref()}`, {
      ...{ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });

  it('scan what is pushed, each once; what fails or is absent says so, and has no vote', async () => {
    const all = await ended();
    expect(all.get('trivy')).toMatchObject({ state: 'completed', findings: 1, attempts: 1 });
    expect(all.get('grype')).toMatchObject({
      ...{ state: 'failed', code: 'scanner-failed' },
      reason: expect.stringContaining('grype ended with 3: the database is too old'),
    });
    expect(all.get('docker-scout')).toMatchObject({
      ...{ state: 'failed', code: 'task-not-started' },
      reason: expect.stringContaining('docker-scout is not on PATH of this machine'),
    });
    const votes = (await (await system.ask(`/api/votes?ref=${ref()}`)).json()) as { voters: { voter: string }[] };
    expect(votes.voters.map(({ voter }) => voter)).toEqual(['trivy']);
    expect(system.stack.deniedCalls).toEqual([]);
  });

  it('hold the image back while one whose vote counts has not come', async () => {
    const { decision, reasons } = (await verdict()) ?? {};
    expect(decision).toBe('deny');
    expect(reasons).toEqual([
      expect.stringContaining('grype has not reported on the image'),
      expect.stringContaining('CVE-2026-7001'),
    ]);
  });

  it('are called with the image as one argument, in the place of this machine, and with no variable but their own', async () => {
    const { args, variables } = JSON.parse(await readFile(join(folder, 'called-trivy'), 'utf8'));
    const host = `localhost:${new URL(system.source.registry.url).port}`;
    expect(args.slice(-2)).toEqual(['--', `${host}/lading/app@${image.digest}`]);
    expect(variables.filter((name: string) => name.startsWith('AWS_') || name === 'VITEST')).toEqual([]);
  });

  it('are not set to work again by a sweep, nor by asking twice, but where they had failed', async () => {
    const before = await runs();
    await system.run('reconcile', { graceMs: 0 });
    expect(await runs()).toEqual(before);
    await rm(join(folder, 'fail-grype'));
    await ask({ scanners: ['trivy', 'grype'] });
    await system.settle();
    const all = await ended();
    expect(all.get('trivy')).toEqual(before.find(({ scanner }) => scanner === 'trivy'));
    expect(all.get('grype')).toMatchObject({ state: 'completed', findings: 0 });
  });

  it('are laid side by side, with who dissents, for programs and for people', async () => {
    const votes = (await (await system.ask(`/api/votes?ref=${ref()}`)).json()) as { agreements: unknown[] };
    expect(votes.agreements).toMatchObject([
      { id: 'CVE-2026-7001', found: [{ voter: 'trivy', severity: 'critical' }], dissent: ['lading', 'grype'] },
    ]);
    const page = await (await system.ask(`/votes?ref=${ref()}`)).text();
    expect(page).toMatch(/CVE-2026-7001[\s\S]*trivy \(critical\)[\s\S]*lading, grype/);
    expect(page).toMatch(/docker-scout[\s\S]*failed[\s\S]*not on PATH/);
    const trail = (await system.trail()).filter(({ detailType }) => detailType === 'Scanner Run Ended');
    const states = trail.map(({ detail }) => (detail as { data: { state: string } }).data?.state);
    expect(states.sort()).toEqual(['completed', 'completed', 'failed', 'failed']);
  });

  it('are told of by the clock while they are to be looked at, and not else', async () => {
    const told = async () =>
      (await system.trail()).filter(({ detailType }) => detailType === 'Scanner Runs Due').length;
    await system.run('keep-appointments');
    const before = await told();
    await system.run('keep-appointments');
    expect(await told()).toBe(before);
  });

  it('end in a dead letter for nobody', () => {
    expect(system.deadLetters()).toEqual({});
  });
});
