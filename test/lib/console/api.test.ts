import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import * as shapes from '../../../lib/cli/shapes.ts';
import { createConsole } from '../../../lib/console/index.ts';
import { retentionAnswers } from '../../../lib/console/retention-schemas.ts';
import { answers } from '../../../lib/console/schemas.ts';
import { memoryConsole, REGISTRY } from './support.ts';
import { putVariedImages } from './varied-images.ts';

async function varied() {
  const console = memoryConsole();
  await putVariedImages(console);
  return createConsole(console.ports);
}

const ask = async (path: string, body?: unknown): Promise<unknown> => {
  const app = await varied();
  const answer = await app.request(path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
  return answer.json();
};

const image = `/api/image?ref=${encodeURIComponent(`${REGISTRY}/demo/node:v1`)}`;
const cases: readonly (readonly [string, unknown, z.ZodType, z.ZodType])[] = [
  ['/api/images?limit=100', undefined, shapes.imagesAnswer, answers.images],
  [image, undefined, shapes.imageAnswer, answers.image],
  ['/api/events?after=0&limit=500', undefined, shapes.eventsAnswer, answers.events],
  ['/api/advisories', undefined, shapes.advisoriesAnswer, answers.advisories],
  ['/api/retention/preview', { config: { policies: [] } }, shapes.plansAnswer, retentionAnswers.plans],
  [
    '/api/cost/storage?from=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z&by=label&label=team',
    undefined,
    answers.storage,
    answers.storage,
  ],
  ['/api/health', undefined, answers.health, answers.health],
];

describe('answers of the API', () => {
  it.each(cases)(
    '%s is what the command line reads and the document describes',
    async (path, body, read, described) => {
      const answer = await ask(path, body);
      expect(read.safeParse(answer).error).toBeUndefined();
      // Nothing that is answered is missing from the description, which would lose it here.
      expect(described.parse(answer)).toEqual(answer);
    },
  );

  it('hold to the limit that was asked for, and to their own', async () => {
    const images = async (limit: string) => shapes.imagesAnswer.parse(await ask(`/api/images?limit=${limit}`)).images;
    expect(await images('3')).toHaveLength(3);
    expect(await images('0')).toHaveLength(1);
    expect((await images('-5')).length).toBeGreaterThan(3);
    expect((await images('NaN')).length).toBeGreaterThan(3);
    const { events } = shapes.eventsAnswer.parse(await ask('/api/events?after=2&limit=2'));
    expect(events.map(({ seq }) => seq)).toEqual([3, 4]);
  });

  it('give an SBOM as a file with a harmless name', async () => {
    const app = await varied();
    const answer = await app.request(`/api/sbom?ref=${encodeURIComponent(`${REGISTRY}/demo/node:v1`)}`);
    expect(answer.headers.get('content-type')).toBe('application/vnd.cyclonedx+json');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="demo-node.cdx.json"');
    expect(await answer.json()).toEqual({ bomFormat: 'CycloneDX' });
  });

  it('give the public key as PEM', async () => {
    const answer = await (await varied()).request('/api/key');
    expect(answer.headers.get('content-type')).toContain('application/x-pem-file');
    expect(await answer.text()).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
  });

  it('preview the deployed rules or the given ones, of one repository or all', async () => {
    const plans = async (body: unknown) => shapes.plansAnswer.parse(await ask('/api/retention/preview', body)).plans;
    expect(await plans({})).toMatchObject([{ repository: 'team/app', dryRun: true }]);
    expect(await plans({ config: { dryRun: false } })).toMatchObject([{ dryRun: false }]);
    expect(await plans({ repository: 'other' })).toEqual([]);
  });
});
