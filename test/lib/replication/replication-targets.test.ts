import { describe, expect, it } from 'vitest';
import { replicationConfigSchema } from '../../../lib/replication/config.ts';
import { replicationTargets } from '../../../lib/replication/index.ts';

const config = replicationConfigSchema.parse({
  rules: [
    { name: 'all', from: 'a.example', to: [{ registry: 'b.example' }, { registry: 'a.example' }] },
    { name: 'team', from: 'a.example', repositories: ['team/*'], to: [{ registry: 'b.example', prefix: 'mirror/' }] },
    { name: 'again', from: 'a.example', to: [{ registry: 'b.example' }] },
    {
      name: 'inside',
      from: 'a.example',
      repositories: ['team/x'],
      to: [{ registry: 'a.example', prefix: 'promoted/' }],
    },
  ],
});
const targets = (registry: string, repository: string) =>
  replicationTargets(config, { registry, repository }).map((t) => `${t.rule}: ${t.registry}/${t.repository}`);

describe('the targets of an image', () => {
  it('are those of every rule that matches, each once and never itself', () => {
    expect(targets('a.example', 'app')).toEqual(['all: b.example/app']);
    expect(targets('a.example', 'team/x')).toEqual([
      'all: b.example/team/x',
      'team: b.example/mirror/team/x',
      'inside: a.example/promoted/team/x',
    ]);
    expect(targets('a.example', 'team/deep/x')).toEqual(['all: b.example/team/deep/x']);
  });

  it('are none for another registry, so a copy is not copied on', () => {
    expect(targets('b.example', 'app')).toEqual([]);
  });

  it('are no names that cannot be', () => {
    const odd = replicationConfigSchema.parse({
      rules: [{ name: 'odd', from: 'a.example', to: [{ registry: 'b.example', prefix: 'UPPER' }] }],
    });
    expect(replicationTargets(odd, { registry: 'a.example', repository: 'app' })).toEqual([]);
  });
});
