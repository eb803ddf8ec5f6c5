import { describe, expect, it } from 'vitest';
import { type ConsolePorts, createConsole } from '../../../lib/console/index.ts';
import { storageAnswers } from '../../../lib/console/storage-schemas.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { costConfigSchema } from '../../../lib/cost/index.ts';
import { storageConfigSchema } from '../../../lib/storage/index.ts';
import { entry, fillCatalog, HOST } from '../storage/fill-catalog.ts';
import { memoryConsole } from './support.ts';

async function filled() {
  const console = memoryConsole();
  await fillCatalog(console.catalog);
  const ports: ConsolePorts = {
    ...console.ports,
    accounts: {
      ...console.ports.accounts,
      storage: storageConfigSchema.parse({ sharing: [{ registries: ['**'], scope: 'registry' }] }),
      cost: costConfigSchema.parse({ budgets: [{ name: 'all', monthlyUsd: 1000 }] }),
    },
  };
  return createConsole(ports);
}
const cart = `${HOST}/shop/cart:v1`;
const period = 'from=2026-11-01T00:00:00Z&until=2026-11-24T00:00:00Z';

describe('the answers about storage and cost', () => {
  it.each([
    ['/api/storage', storageAnswers.owners],
    ['/api/storage?by=label&label=team', storageAnswers.owners],
    [`/api/storage/image?ref=${cart}`, storageAnswers.image],
    [`/api/storage/advice?ref=${cart}`, storageAnswers.advice],
    ['/api/storage/duplicates?layers=50', storageAnswers.duplicates],
    ['/api/storage/bases', storageAnswers.bases],
    ['/api/storage/caches?days=10', storageAnswers.caches],
    [`/api/cost?${period}&by=image`, storageAnswers.cost],
    ['/api/cost/forecast?by=team', storageAnswers.forecast],
    [`/api/cost/forecast?owner=${HOST}/shop/cart`, storageAnswers.forecast],
    ['/api/cost/budgets', storageAnswers.budgets],
  ])('are as they are described: %s', async (path, schema) => {
    const response = await (await filled()).request(path);
    expect(response.status).toBe(200);
    const answer: unknown = await response.json();
    // Nothing is told that is not described, either.
    expect(schema.parse(answer)).toEqual(answer);
  });

  it('tell what an image would free, and that nothing was read of its layers yet', async () => {
    const app = await filled();
    const image = storageAnswers.image.parse(await (await app.request(`/api/storage/image?ref=${cart}`)).json());
    expect(image.image).toBe(locationKey(entry('shop/cart', 'v1')));
    // Its own layer, two manifests: its own and that of its signature.
    expect(image.unique).toBe(8_000_000 + 2_000);
    const advice = storageAnswers.advice.parse(await (await app.request(`/api/storage/advice?ref=${cart}`)).json());
    expect(advice).toMatchObject({ unknown: 4, caches: [] });
  });

  it.each([
    '/api/storage?by=label',
    '/api/storage?label=x',
    '/api/storage?by=planet',
    '/api/storage?by=repository&more=1',
    `/api/cost?from=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z`,
    '/api/cost',
    '/api/storage/duplicates?layers=99999',
    '/api/storage/caches?days=0',
  ])('refuse what makes no sense: %s', async (path) => {
    const response = await (await filled()).request(path);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ title: 'request-invalid' });
  });

  it('know images that are not there, and the page stays whole without any', async () => {
    const app = await filled();
    expect((await app.request(`/api/storage/image?ref=${HOST}/no/such:v1`)).status).toBe(404);
    const empty = await (await createConsole(memoryConsole().ports).request('/storage')).text();
    expect(empty).toContain('Nothing is stored yet');
    expect(await (await app.request('/storage?by=label')).text()).toContain('Who shares what');
  });
});
