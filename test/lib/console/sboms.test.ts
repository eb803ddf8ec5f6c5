import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { sbomAnswers } from '../../../lib/console/sbom-schemas.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { documentQuality } from '../../../lib/external-sboms/adapters/document-quality.ts';
import { documentSbomStore } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { judgeSbom, listSbom, readSbom, type Sbom } from '../../../lib/sbom/index.ts';
import { memoryConsole, REGISTRY } from './support.ts';

const ownOf = (image: Sbom['image']): Sbom => ({
  ...{ schemaVersion: 1, generator: { name: 'lading', version: '2' }, image, platform: 'linux/amd64' },
  ...{ outcome: 'complete', gaps: [], layers: [{ digest: digestOf('layer'), size: 1 }] },
  packages: [
    {
      ...{ id: 'pkg:npm/left@1.0.0', type: 'npm', name: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0' },
      ...{ licenses: ['MIT'], locations: [{ path: 'app', layer: digestOf('layer') }], layer: 0, dependencies: [] },
    },
  ],
});
const theirs = JSON.stringify({
  ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 },
  components: [{ type: 'library', name: '<b>right</b>', version: '2.0.0', purl: 'pkg:npm/right@2.0.0' }],
});

async function setUp() {
  const memory = memoryConsole();
  const { digest } = await memory.put({ repository: 'team/app', tags: ['v1'] });
  const own = ownOf(digest);
  const { documents } = memory.ports.security;
  await documentSbomStore(documents).put(own, '{"bomFormat":"CycloneDX"}');
  await documentQuality(documents).put(digest, judgeSbom(listSbom(own)));
  const app = createConsole(memory.ports);
  const ref = encodeURIComponent(`${REGISTRY}/team/app:v1`);
  const post = (body: string | Buffer, headers: Record<string, string>, more = '') =>
    app.request(`/api/sboms?ref=${ref}${more}`, {
      method: 'POST',
      body: typeof body === 'string' ? body : new Uint8Array(body),
      headers,
    });
  return { app, ref, post, digest, published: memory.published };
}

describe('the API about SBOMs', () => {
  it('gives ours in every form', async () => {
    const { app, ref } = await setUp();
    for (const form of ['cyclonedx-xml@1.7', 'spdx-json', 'spdx-json@3.0', 'spdx-tag-value', 'native']) {
      const answer = await app.request(`/api/sbom?ref=${ref}&form=${encodeURIComponent(form)}`);
      expect([form, answer.status]).toEqual([form, 200]);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="team-app\./);
      expect(readSbom(await answer.text()).packages.map(({ name }) => name)).toEqual(['left']);
    }
    expect((await app.request(`/api/sbom?ref=${ref}&form=yaml`)).status).toBe(400);
  });

  it('takes in those of others, tells of them, and what they have differently', async () => {
    const { app, ref, post, digest, published } = await setUp();
    const answer = await post(gzipSync(theirs), { 'content-type': 'application/gzip' }, '&tool=scanner');
    expect(answer.status).toBe(200);
    const { sbom } = sbomAnswers.attached.parse(await answer.json());
    expect(sbom).toMatchObject({ image: digest, origin: 'upload', tool: { name: 'scanner' }, packages: 1 });
    expect(published.map(({ detailType }) => detailType)).toEqual(['SBOM Received']);
    const list = sbomAnswers.sboms.parse(await (await app.request(`/api/sboms?ref=${ref}`)).json());
    expect(list).toMatchObject({ own: { packages: 1, outcome: 'complete' }, external: [sbom] });
    const path = `/api/sboms/diff?ref=${ref}&document=${encodeURIComponent(sbom.document.digest)}`;
    expect(sbomAnswers.difference.parse(await (await app.request(path)).json())).toMatchObject({
      ...{ added: [{ name: 'right' }], removed: [{ name: 'left' }] },
    });
    expect((await app.request(`/api/sboms/diff?ref=${ref}&document=sha256:no`)).status).toBe(404);
  });

  it.each([
    ['of a simple type, as any page can send', theirs, { 'content-type': 'text/plain' }, 'request-invalid'],
    [
      'of another site',
      theirs,
      { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
      'request-invalid',
    ],
    ['that is no SBOM', '{"a":1}', { 'content-type': 'application/json' }, 'sbom-invalid'],
    ['that is no gzip', 'x', { 'content-type': 'application/gzip' }, 'request-invalid'],
    [
      'that grows without end',
      gzipSync(Buffer.alloc(70 * 1024 * 1024)),
      { 'content-type': 'application/gzip' },
      'request-too-large',
    ],
    ['that is too large', Buffer.alloc(5 * 1024 * 1024), { 'content-type': 'application/json' }, 'request-too-large'],
  ] as const)('refuses one %s', async (_, body, headers, code) => {
    const { post, published } = await setUp();
    const answer = await post(body, headers);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await answer.json()).toMatchObject({ title: code });
    expect(published).toEqual([]);
  });

  it('says how much ours tells, and shows it on the page with the others', async () => {
    const { app, ref, post } = await setUp();
    const quality = sbomAnswers.quality.parse(await (await app.request(`/api/sbom/quality?ref=${ref}`)).json());
    expect(quality.score).toBeGreaterThan(0);
    await post(theirs, { 'content-type': 'application/json' }, '&tool=%3Cscript%3E');
    const page = await (await app.request(`/image?ref=${ref}`)).text();
    expect(page).toContain(`tells ${quality.score} of 100`);
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>alert');
    expect(page).toContain('not signed');
  });
});
