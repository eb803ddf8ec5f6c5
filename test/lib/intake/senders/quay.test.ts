import { describe, expect, it } from 'vitest';
import { deliver, ports, RESOLVED, SECRET, sourceOf } from '../support.ts';

const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('quay'));

// docs.quay.io, "Repository notifications".
describe('Quay', () => {
  const push = {
    ...{ name: 'repository', repository: 'mynamespace/repository', namespace: 'mynamespace' },
    ...{ docker_url: 'quay.io/mynamespace/repository', homepage: 'https://quay.io/repository/mynamespace/repository' },
    updated_tags: ['latest', 'v2'],
  };

  it('names tags, each of which is resolved', async () => {
    const { published } = await deliver(to(), push, inUrl);
    const at = { event: 'Image Pushed', repository: 'mynamespace/repository', digest: RESOLVED };
    expect(published).toMatchObject([
      { ...at, tags: ['latest'] },
      { ...at, tags: ['v2'] },
    ]);
  });

  it('says the same of two pushes of a tag: equal within minutes is a retry, later it is news with an id of its own', async () => {
    const given = to();
    await deliver(given, push, inUrl);
    given.clock.advance(60_000);
    expect((await deliver(given, push, inUrl)).answer).toEqual({ kind: 'repeated' });
    given.clock.advance(3600_000);
    expect((await deliver(given, push, inUrl)).published).toHaveLength(2);
    expect(new Set(given.publisher.events.map(({ detail }) => detail.metadata.id)).size).toBe(4);
  });

  it('has other events, which are not followed', async () => {
    const { updated_tags: _, ...finding } = push;
    const body = { ...finding, tags: ['latest'], vulnerability: { id: 'CVE-1234-5678', priority: 'Critical' } };
    expect((await deliver(to(), body, inUrl)).answer).toMatchObject({ ignored: ['event-not-followed'] });
  });
});
