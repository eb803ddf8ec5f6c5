import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { scannerAnswers } from '../../../lib/console/scanner-schemas.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import type { ScannerRun } from '../../../lib/scanners/index.ts';
import { configOf, newRun } from '../scanners/support.ts';
import { memoryConsole } from './support.ts';

async function setUp(
  configured = [
    configOf('inspector'),
    configOf('clair', { indexer: 'https://clair.example', repositories: ['**/other/*'] }),
  ],
) {
  const { ports, put, published } = memoryConsole();
  const desk = { ...ports.security, scanners: { ...ports.security.scanners, configured } };
  const app = createConsole({ ...ports, security: desk });
  const entry = await put({ repository: 'team/app', tags: ['v1'] });
  const ref = encodeURIComponent(locationKey(entry));
  const post = (body: unknown, about = ref) =>
    app.request(`/api/scanners/run?ref=${about}`, {
      ...{ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
  const status = async (query = '') =>
    scannerAnswers.scanners.parse(await (await app.request(`/api/scanners${query}`)).json());
  const runs = ports.security.scanners.runs as unknown as { add(run: ScannerRun): Promise<boolean> };
  const add = (more: Partial<ScannerRun>) =>
    runs.add(newRun({ subject: { ...entry, tags: [] }, scanner: 'inspector', ...more }));
  return { app, post, status, published, entry, ref, add, put };
}

describe('scanners by the API', () => {
  it('are set to work by an event that names the image, who asked, and who shall look', async () => {
    const { post, published, entry } = await setUp();
    const answer = await post({});
    expect(scannerAnswers.requested.parse(await answer.json())).toEqual({
      image: locationKey(entry),
      scanners: ['inspector'],
    });
    expect(published).toMatchObject([
      {
        detailType: 'Scan Requested',
        detail: {
          data: { subject: { digest: entry.digest, tags: ['v1'] }, scanners: ['inspector'], by: 'the local stack' },
        },
      },
    ]);
  });

  it('are not asked for what none of them can do', async () => {
    const { post, published, put } = await setUp();
    expect(await (await post({ scanners: ['trivy'] })).json()).toMatchObject({ title: 'scanner-unknown' });
    expect(await (await post({ scanners: ['clair'] })).json()).toMatchObject({ title: 'image-unscannable' });
    expect((await post({ scanners: [] })).status).toBe(400);
    expect((await post({ extra: 1 })).status).toBe(400);
    expect((await post({}, 'nothing')).status).toBe(400);
    const index = await put({ repository: 'team/index', entry: { artifactClass: 'index' } });
    expect(await (await post({}, encodeURIComponent(locationKey(index)))).json()).toMatchObject({
      title: 'image-unscannable',
    });
    const none = await setUp([]);
    expect(await (await none.post({})).json()).toMatchObject({ title: 'scanner-unknown' });
    expect([...published, ...none.published]).toEqual([]);
  });

  it('are asked by programs and our own pages only', async () => {
    const { app, ref, published } = await setUp();
    const body = '{}';
    const form = await app.request(`/api/scanners/run?ref=${ref}`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain' },
    });
    expect(form.status).toBe(400);
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' };
    expect((await app.request(`/api/scanners/run?ref=${ref}`, { method: 'POST', body, headers })).status).toBe(400);
    expect(published).toEqual([]);
  });

  it('say how far they are, of one image and of all', async () => {
    const { status, add, ref } = await setUp();
    await add({
      day: '2026-11-23',
      state: { kind: 'failed', endedAt: '2026-11-23T10:00:00.000Z', code: 'scanner-failed', reason: 'why' },
    });
    await add({ state: { kind: 'waiting', reason: 'daily-budget', notBefore: '2026-11-25T00:00:00.000Z' } });
    const { scanners, runs } = await status();
    expect(scanners.map(({ scanner, voter, on }) => [scanner, voter, on])).toEqual([
      ['inspector', 'inspector', 'catalogued'],
      ['clair', 'clair', 'catalogued'],
    ]);
    expect(runs).toMatchObject([
      { state: 'waiting', reason: 'daily-budget', notBefore: '2026-11-25T00:00:00.000Z' },
      { state: 'failed', code: 'scanner-failed', reason: 'why' },
    ]);
    expect((await status(`?ref=${ref}`)).runs).toHaveLength(2);
    expect((await status('?limit=1')).runs).toHaveLength(1);
    expect((await (await setUp([])).status()).runs).toEqual([]);
  });

  it('are on the page of votes, where what failed is no silence; what they say is text', async () => {
    const { app, add, ref } = await setUp();
    expect(await (await app.request(`/votes?ref=${ref}`)).text()).not.toContain('Set to work here');
    await add({ state: { kind: 'timed-out', endedAt: '2026-11-24T10:00:00.000Z', reason: '<script>late</script>' } });
    const page = await (await app.request(`/votes?ref=${ref}`)).text();
    expect(page).toMatch(/Set to work here[\s\S]*inspector[\s\S]*timed-out[\s\S]*&lt;script&gt;late/);
    expect(page).not.toContain('<script>late');
  });
});
