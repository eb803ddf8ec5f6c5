import { describe, expect, it, vi } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { memoryConsole, REGISTRY } from './support.ts';

const app = createConsole(memoryConsole().ports);
const preview = (body: string) => app.request('/api/retention/preview', { method: 'POST', body });

describe('problems', () => {
  it.each([
    ['/api/image', 400, 'reference-missing'],
    ['/api/image?ref=nonsense', 400, 'reference-invalid'],
    [`/api/image?ref=${REGISTRY}/a@sha256:12`, 400, 'digest-invalid'],
    [`/api/image?ref=${REGISTRY}/a:1`, 404, 'image-unknown'],
    [`/api/sbom?ref=${REGISTRY}/a:1`, 404, 'image-unknown'],
    ['/api/nothing', 404, 'page-unknown'],
  ])('of the API are problem documents: %s', async (path, status, title) => {
    const answer = await app.request(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(await answer.json()).toMatchObject({ type: 'about:blank', title, status, detail: expect.any(String) });
  });

  it.each([
    ['/image?ref=nonsense', 400],
    [`/image?ref=${REGISTRY}/a:1`, 404],
    ['/nothing', 404],
  ])('of pages are pages: %s', async (path, status) => {
    const answer = await app.request(path);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(await answer.text()).toContain('<h3>');
  });

  it('tell what there is instead of an unknown tag', async () => {
    const console = memoryConsole();
    await console.put({ repository: 'team/app', tags: ['v1', 'v2'] });
    const answer = await createConsole(console.ports).request(`/api/image?ref=${REGISTRY}/team/app:v3`);
    expect(await answer.json()).toMatchObject({ hint: 'tags of team/app: v1, v2' });
  });

  it('say that an image has no SBOM yet', async () => {
    const console = memoryConsole();
    await console.put({ repository: 'team/app', tags: ['v1'], stopsAt: { stage: 'sbom', attempts: 0 } });
    const answer = await createConsole(console.ports).request(`/api/sbom?ref=${REGISTRY}/team/app:v1`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ title: 'sbom-unknown' });
  });

  it('keep to themselves what went wrong inside', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { ports } = memoryConsole();
    const broken = createConsole({
      ...ports,
      keys: { publicKey: () => Promise.reject(new Error('password hunter2 is wrong')) },
    });
    const answer = await broken.request('/api/key');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('hunter2');
    expect(log).toHaveBeenCalledOnce();
    log.mockRestore();
  });

  it('refuse requests that are none, that say more than they may, or that are too large', async () => {
    expect((await preview('{')).status).toBe(400);
    expect((await preview('')).status).toBe(400);
    expect(await (await preview('{"config":{"policies":[{"name":"x"}]}}')).json()).toMatchObject({
      title: 'request-invalid',
    });
    expect(await (await preview('{"unheard":1}')).json()).toMatchObject({ title: 'request-invalid' });
    expect(await (await preview('{"config":{},"config":{}}')).json()).toMatchObject({ title: 'json-invalid' });
    const large = await preview(`{"repository":"${'x'.repeat(300_000)}"}`);
    expect(large.status).toBe(413);
    expect(await large.json()).toMatchObject({ title: 'request-too-large' });
  });
});
