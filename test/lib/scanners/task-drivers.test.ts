import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskKinds } from '../../../lib/scanners/config.ts';
import { scanArguments } from '../../../lib/scanners/drivers/commands.ts';
import { taskDriver } from '../../../lib/scanners/index.ts';
import type { ScanTask, TaskState } from '../../../lib/scanners/ports.ts';
import * as samples from './samples.ts';
import { configOf as config, newRun, PINNED as pinned, subject } from './support.ts';

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe('programs as tasks', () => {
  const at = `${subject.registry}/team/app@${subject.digest}`;

  it('get an array of arguments, the image last, after "--" where they know that', () => {
    expect(scanArguments('trivy', subject).slice(-4)).toEqual(['--output', '/lading/report.json', '--', at]);
    expect(scanArguments('grype', subject).slice(-4)).toEqual(['--platform', 'linux/arm64/v8', '--', `registry:${at}`]);
    expect(scanArguments('docker-scout', subject).slice(-2)).toEqual(['--', `registry://${at}`]);
    expect(scanArguments('snyk', subject).slice(-2)).toEqual(['--platform=linux/arm64/v8', at]);
  });

  it('get no name that is none, so that nothing is ever taken for an option', () => {
    const hostile = fc.oneof(
      fc.constantFrom('-o', '--config=/etc/passwd', '$(id)', '`id`', 'a b', '../x', 'a\n--b', 'A', ''),
      fc.string({ maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...taskKinds), hostile, hostile, hostile, (kind, registry, repository, platform) => {
        const usual = scanArguments(kind, { ...subject });
        let given: readonly string[];
        try {
          given = scanArguments(kind, { ...subject, registry, repository, platform });
        } catch (error) {
          expect(error).toMatchObject({ code: 'reference-invalid' });
          return;
        }
        // One argument is the image, and only a platform in the known form is another.
        expect(usual.length - given.length).toBeLessThanOrEqual(2);
        const last = given.at(-1) ?? '';
        expect(last).toMatch(/^(?:registry:(?:\/\/)?)?[a-zA-Z0-9[][^\s$`]*@sha256:[0-9a-f]{64}$/);
        expect(
          given
            .filter((one) => one.startsWith('-'))
            .every((one) => usual.includes(one) || one.startsWith('--platform=')),
        ).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  function driver(kind: (typeof taskKinds)[number], state: TaskState, report?: unknown) {
    const started: (ScanTask & { readonly id: string })[] = [];
    const stopped: string[] = [];
    const tasks = {
      run: async (task: ScanTask, id: string) => {
        started.push({ ...task, id });
        return 'arn:task/1';
      },
      look: async () => state,
      stop: async (handle: string) => void stopped.push(handle),
    };
    const inbox = { take: async () => (report === undefined ? undefined : json(report)) };
    return { driver: taskDriver(config(kind, { image: pinned }), { tasks, inbox }), started, stopped };
  }
  const ID = 'b'.repeat(64);

  it.each([
    ['trivy', samples.trivy, 0, 2],
    ['grype', samples.grype, 0, 2],
    ['docker-scout', samples.scout, 0, 2],
    ['snyk', samples.snyk, 1, 2],
  ] as const)('%s: its report is a vote', async (kind, report, exitCode, findings) => {
    const { driver: one, started } = driver(kind, { kind: 'stopped', exitCode }, report);
    const begun = await one.start(newRun(), ID);
    expect(started).toMatchObject([
      { scanner: kind, id: ID, reportKey: `scanner-reports/${ID}.json`, registry: subject.registry },
    ]);
    expect(begun.kind).toBe('running');
    const ended = await one.look(newRun(), begun.kind === 'running' ? begun.handle : '');
    expect(ended.kind === 'reported' && [ended.report.scanner.name, ended.report.findings.length]).toEqual([
      kind,
      findings,
    ]);
  });

  it.each(['syft-sbom', 'trivy-sbom'] as const)('%s: what it writes is an SBOM, and no vote', async (kind) => {
    const document = { bomFormat: 'CycloneDX', specVersion: '1.6' };
    const { driver: one, started } = driver(kind, { kind: 'stopped', exitCode: 0 }, document);
    const begun = await one.start(newRun(), ID);
    expect(started[0]?.arguments.join(' ')).toMatch(/(?:syft-json=|cyclonedx --output )\/lading\/report\.json /);
    const ended = await one.look(newRun(), begun.kind === 'running' ? begun.handle : '');
    expect(ended).toEqual({ kind: 'listed', document: json(document) });
  });

  it('have failed where they say so, where they never started, and where they left nothing', async () => {
    const handle = JSON.stringify([ID, 'arn:task/1']);
    const look = async (state: TaskState, report?: unknown) =>
      driver('snyk', state, report).driver.look(newRun(), handle);
    expect(await look({ kind: 'running' })).toEqual({ kind: 'running', handle });
    expect(await look({ kind: 'stopped', exitCode: 2, reason: 'no token' }, samples.snyk)).toEqual({
      ...{ kind: 'failed', code: 'scanner-failed', reason: 'snyk ended with 2: no token' },
    });
    expect(await look({ kind: 'stopped', reason: 'CannotPullContainerError' })).toMatchObject({
      code: 'task-not-started',
    });
    expect(await look({ kind: 'stopped', exitCode: 0 })).toMatchObject({ kind: 'failed', code: 'report-missing' });
    await expect(look({ kind: 'stopped', exitCode: 0 }, { nothing: 'known' })).rejects.toMatchObject({
      code: 'report-unknown',
    });
    const { driver: one, stopped } = driver('trivy', { kind: 'running' });
    await one.cancel?.(handle);
    expect(stopped).toEqual(['arn:task/1']);
  });
});
