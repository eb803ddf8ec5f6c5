import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, hmac, ports, RESOLVED, SECRET, sourceOf } from '../support.ts';

const authorized = { headers: { authorization: SECRET } };
const to = (more: object = {}) => ports(sourceOf('nexus', more));

// help.sonatype.com, "Example headers and payloads".
describe('Nexus', () => {
  const payload = (action: string, component: object = {}) => ({
    ...{ timestamp: '2016-11-14T19:32:13.515+0000', nodeId: '7FFA7361-6ED33978', initiator: 'anonymous/127.0.0.1' },
    ...{ repositoryName: 'docker-hosted', action },
    component: {
      ...{ id: '08909bf0c86cf6c9600aade89e1c5e25', componentId: 'bnBtLWhv', format: 'docker' },
      ...{ name: 'team/app', group: '', version: '1.0' },
      ...component,
    },
  });
  const sent = (body: unknown, event = 'rm:repository:component', key = SECRET) => ({
    headers: {
      ...{ 'x-nexus-webhook-id': event, 'x-nexus-webhook-delivery': '7f4a6dde-5c68-4999-bcc0-a62f3fb8ae48' },
      'x-nexus-webhook-signature': hmac(body, 'sha1', key),
    },
  });

  it.each([
    [false, 'team/app'],
    [true, 'docker-hosted/team/app'],
  ])('names a tag, which is resolved (repository in the path: %s)', async (repositoryInPath, repository) => {
    const body = payload('CREATED');
    const { published } = await deliver(to({ repositoryInPath }), body, sent(body));
    const more = {
      digest: RESOLVED,
      tags: ['1.0'],
      actor: 'anonymous/127.0.0.1',
      pushedAt: '2016-11-14T19:32:13.515Z',
    };
    expect(published).toEqual([{ event: 'Image Pushed', registry: HOST, repository, ...more }]);
  });

  it('cannot say what was deleted, unless the version is a digest', async () => {
    const tagged = payload('DELETED');
    expect((await deliver(to(), tagged, sent(tagged))).answer).toMatchObject({ ignored: ['no-digest'] });
    const untagged = payload('DELETED', { version: DIGEST });
    expect((await deliver(to(), untagged, sent(untagged))).published).toMatchObject([
      { event: 'Image Deleted', digest: DIGEST, tags: [] },
    ]);
  });

  it.each([
    [payload('CREATED', { format: 'npm' }), 'rm:repository:component', 'not-an-image'],
    [payload('PURGED'), 'rm:repository:component', 'event-not-followed'],
    [{ asset: { format: 'docker' } }, 'rm:repository:asset', 'event-not-followed'],
  ])('ignores the rest', async (body, event, reason) => {
    expect((await deliver(to(), body, sent(body, event))).answer).toMatchObject({ ignored: [reason] });
  });

  it('is refused without the right signature', async () => {
    const body = payload('CREATED');
    const sha256 = { headers: { ...sent(body).headers, 'x-nexus-webhook-signature': hmac(body) } };
    for (const one of [{}, authorized, sha256, sent(body, 'rm:repository:component', 'guess')]) {
      expect((await deliver(to(), body, one)).answer).toEqual({ kind: 'refused' });
    }
  });
});
