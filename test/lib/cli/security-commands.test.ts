import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { memoryRunStore } from '../../../lib/scanners/adapters/memory-run-store.ts';
import { memoryConsole, REGISTRY } from '../console/support.ts';
import * as reports from '../scanners/samples.ts';
import { configOf, newRun } from '../scanners/support.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

let server: Server;
let api: string;
beforeAll(async () => {
  const console = memoryConsole();
  const entry = await console.put({ repository: 'team/app', tags: ['v1'] });
  const runs = memoryRunStore();
  const state = { kind: 'failed', endedAt: '2026-11-24T10:00:00.000Z', code: 'scanner-failed', reason: 'why' } as const;
  await runs.add(newRun({ subject: { ...entry, tags: [] }, scanner: 'inspector', state }));
  const scanners = { configured: [configOf('inspector')], runs };
  server = createServer(
    getRequestListener(createConsole({ ...console.ports, security: { ...console.ports.security, scanners } }).fetch),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function run(...args: string[]) {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'trivy.json'), JSON.stringify({ ...reports.trivy, Metadata: {} }));
  writeFileSync(join(folder, 'other.json'), '{}');
  return lading([...args, '--data', writeStackFile(folder, { api })], folder);
}
const IMAGE = `${REGISTRY}/team/app:v1`;

describe('commands about what people and other scanners say', () => {
  it('waiver add, list, remove', async () => {
    const day = new Date(Date.parse('2026-11-24T00:00:00Z') + 10 * 86_400_000).toISOString().slice(0, 10);
    const added = await run(
      'waiver',
      'add',
      'CVE-2026-1',
      '--reason',
      'r',
      '--author',
      'ops',
      '--until',
      day,
      '--package',
      'left',
    );
    expect(added.code).toBe(0);
    const id = added.out.trim();
    expect((await run('waiver', 'list')).out).toMatch(
      new RegExp(`${id}\\s+CVE-2026-1\\s+\\*\\*\\s+left\\s+${day} 00:00\\s+in-force\\s+ops\\s+r`),
    );
    expect((await run('waiver', 'remove', id, '--by', 'ops')).code).toBe(0);
    expect(JSON.parse((await run('waiver', 'list', '-o', 'json')).out)).toEqual([]);
    expect(JSON.parse((await run('waiver', 'list', '--all', '-o', 'json')).out)).toMatchObject([
      { id, state: 'removed' },
    ]);
    expect((await run('waiver', 'remove', 'w-1', '--by', 'ops')).code).toBe(2);
  });

  it('scanners run asks for scans, and scanners status says how far they are, and no where one has failed', async () => {
    const asked = await run('scanners', 'run', IMAGE, '--with', 'inspector');
    expect([asked.code, asked.err]).toEqual([0, expect.stringContaining('asked for inspector')]);
    expect(JSON.parse((await run('scanners', 'run', IMAGE, '-o', 'json')).out)).toMatchObject({
      requested: [{ scanners: ['inspector'] }],
    });
    const several = await run('scanners', 'run', `${REGISTRY}/team/none:v1`, IMAGE);
    expect([several.code, several.err]).toEqual([
      2,
      expect.stringMatching(/team\/none:v1: [\s\S]*asked for inspector/),
    ]);
    const refused = await run('scanners', 'run', IMAGE, '--with', 'trivy');
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('configured: inspector')]);
    const status = await run('scanners', 'status', IMAGE);
    expect(status.out).toMatch(/inspector\s+\S+team\/app@sha256:\S+\s+2026-11-24\s+failed\s+scanner-failed: why/);
    expect([status.code, status.err]).toEqual([1, expect.stringContaining('inspector scans **: each new image')]);
    expect(JSON.parse((await run('scanners', 'status', '-o', 'json')).out)).toMatchObject({
      runs: [{ state: 'failed' }],
    });
  });

  it('scan report sends a report, and votes shows who dissents', async () => {
    expect(await run('scan', 'report', IMAGE, 'trivy.json')).toMatchObject({
      code: 0,
      err: expect.stringContaining('trivy: 2 findings (stored)'),
    });
    const { out, err } = await run('votes', IMAGE);
    expect(out).toMatch(/CVE-2026-1001\s+libssl3\s+3\.0\.1-1\s+trivy \(high\)/);
    expect(err).toContain('2 of 2 findings without dissent');
    expect((await run('scan', 'report', IMAGE, 'other.json')).code).toBe(2);
    expect((await run('scan', 'report', IMAGE, 'nowhere.json')).code).toBe(2);
  });

  it('vex add refuses what is no VEX before the stack is asked', async () => {
    expect(await run('vex', 'add', `${REGISTRY}/team/app`, 'other.json')).toMatchObject({
      code: 2,
      err: expect.stringContaining('other.json is neither'),
    });
  });
});
