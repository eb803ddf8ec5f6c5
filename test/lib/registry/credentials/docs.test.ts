import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { registriesConfigSchema } from '../../../../lib/registry/config.ts';
import { credentialsSchema, rotationSchema } from '../../../../lib/registry/credentials/model.ts';

const folder = join(import.meta.dirname, '../../../../docs/registries');

interface Snippet {
  readonly page: string;
  readonly value: Record<string, unknown>;
}

/** The JSON that a person would copy; a part of an object is put into one. */
const snippets: readonly Snippet[] = readdirSync(folder).flatMap((page) =>
  [...readFileSync(join(folder, page), 'utf8').matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => ({
    page,
    value: JSON.parse(text.trimStart().startsWith('"') ? `{${text}}` : text) as Record<string, unknown>,
  })),
);
const withKey = (key: string): readonly Snippet[] => snippets.filter(({ value }) => Object.hasOwn(value, key));
const kinds = new Set(['distribution', 'ecr']);
const entries = [
  ...snippets
    .filter(({ value }) => kinds.has(String(value.kind)) && value.host !== undefined)
    .map(({ page, value }) => ({ page, value: [value] })),
  ...withKey('registries').map(({ page, value }) => ({ page, value: value.registries as object[] })),
];

describe('the snippets of the pages on registries', () => {
  it('are found', () => {
    expect(entries.length).toBeGreaterThanOrEqual(12);
    expect(withKey('rotation').length).toBeGreaterThanOrEqual(5);
  });

  it.each(entries)('are entries that are taken ($page)', ({ value }) => {
    expect(registriesConfigSchema.safeParse({ entries: value }).error).toBeUndefined();
  });

  it.each(withKey('credentials').filter(({ value }) => value.kind === undefined))(
    'are credentials that are taken ($page)',
    ({ value }) => {
      expect(credentialsSchema.safeParse(value.credentials).error).toBeUndefined();
    },
  );

  it.each(withKey('rotation'))('are rotations that are taken ($page)', ({ value }) => {
    expect(rotationSchema.safeParse(value.rotation).error).toBeUndefined();
  });
});
