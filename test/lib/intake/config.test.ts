import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { intakeConfigSchema, senderKinds } from '../../../lib/intake/index.ts';
import { senders } from '../../../lib/intake/senders/index.ts';

const read = (...sources: object[]) => intakeConfigSchema.safeParse({ sources });
const harbor = { name: 'harbor', kind: 'harbor', registry: 'harbor.example:8443' };

describe('the setting intake', () => {
  it('needs nothing', () => {
    expect(intakeConfigSchema.parse({})).toEqual({ sources: [], polls: [] });
  });

  it('names sources, each of one registry', () => {
    const nexus = { name: 'nexus', kind: 'nexus', registry: 'nexus.example' };
    expect(read(harbor, nexus).data?.sources).toEqual([harbor, { ...nexus, repositoryInPath: false }]);
  });

  it.each<[string, object[]]>([
    ['the same name twice', [harbor, harbor]],
    ['a name that no URL should have', [{ ...harbor, name: '../x' }]],
    ['a kind that nobody is', [{ ...harbor, kind: 'ecr' }]],
    ['an address for a registry', [{ ...harbor, registry: 'https://harbor.example' }]],
    ['Google without its audience', [{ ...harbor, kind: 'google', serviceAccount: 'a@b.example' }]],
    ['a setting of another kind', [{ ...harbor, repositoryInPath: true }]],
  ])('refuses %s', (_what, sources) => {
    expect(read(...sources).success).toBe(false);
  });

  it('has a sender, and a page on how to connect it, for each kind', () => {
    const folder = join(import.meta.dirname, '../../../docs/registries');
    const pages = readdirSync(folder);
    for (const kind of senderKinds) {
      expect(senders[kind].name).toBe(kind);
      expect(pages).toContain(`${kind}.md`);
      expect(readFileSync(join(folder, `${kind}.md`), 'utf8'), kind).toContain(`"kind": "${kind}"`);
    }
  });
});
