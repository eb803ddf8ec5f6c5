import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { memoryConsole, REGISTRY } from '../console/support.ts';
import { HOSTILE, putVariedImages } from '../console/varied-images.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

let server: Server;
let api: string;

beforeAll(async () => {
  const console = memoryConsole();
  await putVariedImages(console);
  server = createServer(getRequestListener(createConsole(console.ports).fetch));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

async function run(...args: string[]) {
  const folder = temporaryFolder();
  const registries = [
    { host: REGISTRY, region: 'eu-central-1', url: 'http://127.0.0.1:5999', role: 'source' as const },
  ];
  return lading([...args, '--data', writeStackFile(folder, { api, registries })], folder);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('commands that ask a stack', () => {
  it('list images, as a table and as JSON', async () => {
    const { code, out } = await run('images');
    expect(code).toBe(0);
    expect(out).toMatch(/^IMAGE\s+DIGEST\s+CLASS\s+PACKAGES\s+FINDINGS\s+VERDICT\s+SIGNED\s+REPLICAS\n/);
    expect(out).toMatch(/demo\/node:v1\s+sha256:\w{12}\s+image\s+86\s+2 critical, 3 high.*\s+deny\s+-\s+0\n/);
    const images: readonly unknown[] = JSON.parse((await run('images', '-o', 'json', '-n', '5')).out);
    expect(images).toHaveLength(5);
  });

  it('show an image by the address that it was pushed to', async () => {
    const { out } = await run('image', 'show', 'localhost:5999/demo/node:v1');
    expect(out).toContain(`image      ${REGISTRY}/demo/node@sha256:`);
    expect(out).toContain('verdict    deny\n           CVE-2019-10744 (critical) in lodash');
    expect(out).toMatch(/SEVERITY\s+ID.*\n.*CVE-2019-10744/);
    const { out: json } = await run('image', 'show', `${REGISTRY}/demo/node:v1`, '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({ image: { tags: ['v1'] }, findings: expect.any(Array) });
  });

  it('list events, the last so many, one a line', async () => {
    const { out } = await run('events', '-n', '2');
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    const lines = (await run('events', '-o', 'json', '-n', '60')).out.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(JSON.parse(line)).toMatchObject({ seq: expect.any(Number) });
  });

  it('tell what retention would delete', async () => {
    const { out, err } = await run('retention', 'preview', '--keep-last', '1');
    expect(out).toMatch(/^REPOSITORY\s+TAGS\s+DIGEST\s+MANIFESTS\s+WHY\nteam\/app\s+v1\s+sha256:/);
    expect(err).toContain('1 tag kept, 1 to expire');
  });

  it('tell why an image stays or goes', async () => {
    const goes = await run('retention', 'explain', `${REGISTRY}/team/app:v1`);
    expect(goes.out).toMatch(/^would go \(dry run\)\n {2}sha256:\w+: older\n$/);
    expect((await run('retention', 'explain', `${REGISTRY}/team/app:v2`)).out).toBe('stays\n  tag v2: the newest 1\n');
    const unknown = await run('retention', 'explain', `${REGISTRY}/team/app:v3`);
    expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('no plan names team/app:v3') });
  });

  it('read and write the rules of other registries, without a stack', async () => {
    const folder = temporaryFolder();
    const rules = [{ method: 'number_of_tags', value: 5, tagPattern: '^v', tagPatternMatches: true }];
    writeFileSync(join(folder, 'quay.json'), JSON.stringify(rules));
    const imported = await lading(['retention', 'import', 'quay', 'quay.json', '--repositories', 'team/**'], folder);
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(imported.out)).toMatchObject({ policies: [{ repositories: ['team/**'], unit: 'tag' }] });
    writeFileSync(join(folder, 'retention.json'), imported.out);
    const exported = await lading(['retention', 'export', 'quay', 'retention.json'], folder);
    expect(exported).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(exported.out)).toEqual(rules);
    const lossy = await lading(['retention', 'export', 'ecr', 'retention.json'], folder);
    expect(lossy).toMatchObject({
      code: 1,
      err: expect.stringContaining('differs: ECR looks at images with all their tags'),
    });
    const absent = await lading(['retention', 'export', 'ecr', 'retention.json', '--policy', 'x'], folder);
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining('it has from Quay') });
    const broken = await lading(['retention', 'import', 'ecr', 'quay.json'], folder);
    expect(broken).toMatchObject({ code: 2, err: expect.stringContaining('not valid rules of ECR') });
  });

  it('tell what storage costs, by whom', async () => {
    const { out, err } = await run('cost', 'report', '--month', '2026-12');
    expect(out).toMatch(/^OWNER\s+STORAGE\s+USD\s+ALONE\s+CO2E G\n/);
    expect(err).toContain('by list prices of');
    const folder = temporaryFolder();
    const file = join(folder, 'prices.json');
    writeFileSync(file, JSON.stringify({ regions: { 'eu-central-1': { storagePerGbMonth: 1e6 } } }));
    const csv = await run('cost', 'report', '--month', '2026-12', '-o', 'csv', '--prices', file);
    const head = 'from,until,owner,kind,region,amount,unit,usd,marginal_amount,co2e_grams';
    expect(csv.out.split('\r\n')[0]).toBe(head);
    expect(csv.out).not.toMatch(/(^|,)[=+@-]/m);
    // A hundred thousand times the list price, and more.
    const total = (text: string): number =>
      text
        .split('\r\n')
        .slice(1)
        .reduce((sum, row) => sum + Number(row.split(',')[7] ?? 0), 0);
    const listed = await run('cost', 'report', '--month', '2026-12', '-o', 'csv');
    expect(total(csv.out)).toBeGreaterThan(total(listed.out) * 1e5);
    expect((await run('cost', 'report', '--month', '2026-13')).err).toContain('is not a month');
    const byLabel = JSON.parse(
      (await run('cost', 'report', '--month', '2026-12', '--label', 'team', '-o', 'json')).out,
    );
    expect(byLabel).toMatchObject({ lines: [{ owner: '(no label)' }], prices: { asOf: expect.any(String) } });
  });

  it('tell which advisories are in force', async () => {
    const { out } = await run('advisories', 'status');
    expect(out).toContain('advisories 101055');
    expect(out).toMatch(/SOURCE\s+SCOPE.*\nbundled\s+excerpt\s+159/);
    expect(JSON.parse((await run('advisories', 'status', '-o', 'json')).out).snapshot.sequence).toBe(3);
  });

  it('print the key', async () => {
    expect(await run('key', 'export')).toMatchObject({ code: 0, out: expect.stringMatching(/^-----BEGIN PUBLIC KEY/) });
  });

  it('let no name of a stranger steer the terminal, in whatever form', async () => {
    for (const args of [['images'], ['images', '-o', 'json'], ['events'], ['events', '-o', 'json', '-n', '100']]) {
      const { out } = await run(...args);
      expect(out).toContain(args[0] === 'images' ? HOSTILE.override.slice(0, 4) : HOSTILE.repository);
      expect(out).not.toMatch(STEERING);
    }
  });

  it('say clearly what they cannot do', async () => {
    const failing = async (...args: string[]) => {
      const { code, out, err } = await run(...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      return err;
    };
    expect(await failing('image', 'show', `${REGISTRY}/demo/node:v9`)).toContain('hint: tags of demo/node: v1');
    expect(await failing('image', 'show', 'node')).toContain('is not an image reference');
    expect(await failing('images', '-n', 'many')).toContain('must be a whole number from 1 to 200');
    expect(await failing('events', '-n', '-1')).toContain('must be a whole number');
    expect(await failing('retention', 'preview', '--keep-last', 'x')).toContain('must be a whole number');
    expect(await failing('retention', 'preview', '--rules', 'nowhere.json')).toContain('nowhere.json');
    expect(await failing('images', '-o', 'xml')).toContain('Allowed choices are table, json');
    expect(await failing('advisories', 'import', '/nowhere')).toContain('bucket');
    const { err } = await lading(['images', '--data', 'nothing'], temporaryFolder());
    expect(err).toMatch(/no local stack runs on .*nothing\nhint: start one with "npm start"/);
    const gone = await lading(['images', '--api', 'http://127.0.0.1:1'], join(temporaryFolder()));
    expect(gone).toMatchObject({ code: 2, err: expect.stringContaining('hint: is the stack running?') });
  });
});
