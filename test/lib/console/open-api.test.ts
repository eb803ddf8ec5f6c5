import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createConsole } from '../../../lib/console/index.ts';
import { memoryConsole } from './support.ts';

const operation = z.object({
  operationId: z.string(),
  summary: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.literal('query'), schema: z.unknown() })).optional(),
  responses: z.record(z.string(), z.object({ description: z.string(), content: z.record(z.string(), z.unknown()) })),
});
const documentSchema = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  paths: z.record(z.string(), z.partialRecord(z.enum(['get', 'post']), operation)),
  components: z.object({ schemas: z.record(z.string(), z.record(z.string(), z.unknown())) }),
});

const app = createConsole(memoryConsole().ports);
const text = await (await app.request('/openapi.json')).text();
const document = documentSchema.parse(JSON.parse(text));

describe('the OpenAPI document', () => {
  it('has every route of the API and no other', () => {
    const routes = app.routes
      .filter(({ path, method }) => path.startsWith('/api/') && method !== 'ALL')
      .map(({ path, method }) => `${method} ${path}`);
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(routes.length).toBeGreaterThan(0);
    expect(described.toSorted()).toEqual([...new Set(routes)].toSorted());
  });

  it('refers to schemas that are there, and names each operation once', () => {
    const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name as string);
    for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name);
    expect(new Set(names)).toEqual(new Set(Object.keys(document.components.schemas)));
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map((one) => one?.operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives digests a pattern, and leaves nothing as "anything" but the data of events', () => {
    expect(JSON.stringify(document.components.schemas.Image)).toContain('^(?:sha256:');
    const anything: string[] = [];
    const look = (value: unknown, path: string): void => {
      if (value === null || typeof value !== 'object') return;
      if (/\/properties\/[^/]+$/.test(path) && Object.keys(value).length === 0) anything.push(path);
      for (const [key, one] of Object.entries(value)) look(one, `${path}/${key}`);
    };
    look(document.components.schemas, '');
    expect(anything).toEqual(['/Events/properties/events/items/properties/data']);
  });
});
