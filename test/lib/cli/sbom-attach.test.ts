import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { memoryConsole, REGISTRY } from '../console/support.ts';
import { lading, temporaryFolder, writeStackFile } from './support.ts';

const console = memoryConsole();
let server: Server;
let api: string;
beforeAll(async () => {
  await console.put({ repository: 'team/app', tags: ['v1'] });
  server = createServer(getRequestListener(createConsole(console.ports).fetch));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const spdx = ['SPDXVersion: SPDX-2.3', 'Creator: Tool: trivy-0.50', 'PackageName: a', 'PackageVersion: 1', ''].join(
  '\n',
);

describe('lading sbom attach', () => {
  it('gives the stack a document of any form, which is read before it is sent', async () => {
    const folder = temporaryFolder();
    const data = writeStackFile(folder, { api });
    writeFileSync(join(folder, 'a.spdx'), spdx);
    writeFileSync(join(folder, 'other.json'), '{}');
    const run = (...args: string[]) =>
      lading(['sbom', 'attach', `${REGISTRY}/team/app:v1`, ...args, '--data', data], folder);
    expect(await run('a.spdx')).toMatchObject({
      code: 0,
      err: expect.stringMatching(/^kept: 1 package .* by trivy 0\.50/),
    });
    const { out } = await run('a.spdx', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ origin: 'upload', format: 'spdx-tag-value', packages: 1 });
    expect(await run('other.json')).toMatchObject({ code: 2, err: expect.stringContaining('no form that is read') });
    expect(await run('missing.json')).toMatchObject({ code: 2, err: expect.stringContaining('there is no file') });
    expect(console.published.map(({ detailType }) => detailType)).toEqual(['SBOM Received', 'SBOM Received']);
  });
});
