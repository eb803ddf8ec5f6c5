import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { replicationAnswers } from '../../../lib/console/replication-routes.ts';
import { memoryConsole } from './support.ts';

describe('what the console tells of copies', () => {
  const app = createConsole(memoryConsole().ports);

  it('is what was last found of each, without what only comparisons need', async () => {
    const answer = replicationAnswers.replication.parse(await (await app.request('/api/replication')).json());
    expect(answer.replicas).toMatchObject([{ equal: false, missing: 1, lagMs: 420_000 }]);
    expect(JSON.stringify(answer)).not.toContain('a-hash');
    const page = await (await app.request('/replication')).text();
    expect(page).toContain('copy.example/team/app');
    expect(page).toContain('1 missing');
    expect(page).toContain('7 min');
  });

  it('is what rules would copy, and refuses what it does not know', async () => {
    const post = (body: unknown) =>
      app.request('/api/replication/plan', { method: 'POST', body: JSON.stringify(body) });
    const plan = replicationAnswers.copyPlan.parse(await (await post({ repository: 'team/other' })).json());
    expect(plan).toMatchObject({ copies: [{ source: { repository: 'team/other' }, arrived: false }], more: 0 });
    expect((await post({ rules: [] })).status).toBe(400);
  });
});
