import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/core/digest.ts';
import { dynamoLineage, dynamoPushLog } from '../../lib/provenance/adapters/dynamo-provenance.ts';
import type { CiBuild } from '../../lib/provenance/ports.ts';
import { memoryLineage, memoryPushLog } from '../lib/provenance/support.ts';
import { startDynamo } from '../support/dynamo.ts';

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  dynamo = await startDynamo();
});
afterAll(() => dynamo.close());

const imageOf = (kind: string, name: string) => ({
  registry: `${kind}.example`,
  repository: 'app',
  digest: digestOf(`provenance ${name}`),
});
const build: CiBuild = {
  issuer: 'https://ci.example',
  repository: 'octo/app',
  ref: 'refs/heads/main',
  actor: 'octocat',
  hosted: true,
  source: 'github',
  document: { key: 'attestations/given/x', digest: digestOf('x') },
};

describe.each(['memory', 'dynamodb'])('pushes and builds (%s)', (kind) => {
  const log = () => (kind === 'memory' ? memoryPushLog() : dynamoPushLog(dynamo.table, () => new Date()));

  it('meet by the image, in either order, and the first who pushed stays', async () => {
    const pushes = log();
    const image = imageOf(kind, 'a');
    expect(await pushes.noteBuild(image, build)).toBeUndefined();
    expect(await pushes.notePush(image, 'octocat')).toEqual({ pusher: 'octocat', builds: [build] });
    expect(await pushes.notePush(image, 'mallory')).toEqual({ pusher: 'octocat', builds: [build] });
    const later = { ...build, actor: undefined, ref: 'refs/heads/other' };
    const { actor: _nobody, ...stored } = later;
    expect(await pushes.noteBuild(image, stored)).toBe('octocat');
    // One for each repository: the last that it told.
    expect((await pushes.notePush(image, 'octocat')).builds).toEqual([stored]);
    expect(await pushes.noteBuild(imageOf(kind, 'b'), build)).toBeUndefined();
  });

  it('never miss each other when they come at once', async () => {
    const pushes = log();
    for (let i = 0; i < 20; i++) {
      const image = imageOf(kind, `race ${i}`);
      const [pusher, { builds }] = await Promise.all([
        pushes.noteBuild(image, build),
        pushes.notePush(image, 'octocat'),
      ]);
      expect(pusher === 'octocat' || builds.length === 1).toBe(true);
    }
  });
});

describe.each(['memory', 'dynamodb'])('what is known of how an image was built (%s)', (kind) => {
  it('is the best of what each source says last, and "unknown" takes no answer back', async () => {
    const lineage = kind === 'memory' ? memoryLineage() : dynamoLineage(dynamo.table);
    const image = imageOf(kind, 'lineage');
    const note = (source: string, level: 0 | 1 | 2 | 3, pushedByBuilder: 'yes' | 'no' | 'unknown') =>
      lineage.note(image, { source, level, pushedByBuilder, materials: [] });
    expect(await lineage.of(image)).toBeUndefined();
    await note('github', 2, 'unknown');
    await note('BuildKit', 1, 'unknown');
    expect(await lineage.of(image)).toEqual({ level: 2, pushedByBuilder: 'unknown' });
    await note('github', 1, 'no');
    await note('github', 2, 'unknown');
    expect((await lineage.of(image))?.level).toBe(1);
    await note('CodeBuild', 3, 'yes');
    expect(await lineage.of(image)).toEqual({ level: 3, pushedByBuilder: 'yes' });
  });
});
