import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Resource, removeFolders, type Synthesis, synthesize } from './synthesis.ts';

const base = { account: '111122223333', primaryRegion: 'eu-central-1' };
const build = (project: string) => ({ kind: 'codebuild', project, region: 'eu-west-1' });
const rule = (name: string, project: string) => ({ name, repositories: ['**'], actions: [build(project)] });

let synthesis: Synthesis;
let bare: Synthesis;
beforeAll(async () => {
  synthesis = await synthesize({
    ...base,
    remediation: { rules: [rule('a', 'shop-image'), rule('b', 'base-image'), rule('c', 'shop-image')] },
  });
  bare = await synthesize(base);
});
afterAll(removeFolders);

const rightsToBuild = ({ resources }: Synthesis): readonly { readonly by: string; readonly on: unknown }[] =>
  Object.entries(resources).flatMap(([id, { Properties }]: [string, Resource]) =>
    (Properties?.Policies ?? []).flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } }) =>
        PolicyDocument.Statement.filter(({ Action }) => JSON.stringify(Action).includes('codebuild:')).map((one) => ({
          by: id.includes('PlanRemediation') ? 'plan-remediation' : id,
          on: one.Resource,
        })),
    ),
  );

describe('builds that remediation asks for', () => {
  it('may be started by one function, of exactly the projects that rules name', () => {
    expect(rightsToBuild(synthesis)).toMatchObject([{ by: 'plan-remediation' }]);
    const named = JSON.stringify(rightsToBuild(synthesis)[0]?.on).match(/project\/[\w-]+/g);
    expect(named?.sort()).toEqual(['project/base-image', 'project/shop-image']);
  });

  it('are no right of anybody where no rule names any', () => {
    expect(rightsToBuild(bare)).toEqual([]);
  });
});
