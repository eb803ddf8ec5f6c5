import { describe, expect, it } from 'vitest';
import { deliver, HOST, ports, RESOLVED, SECRET, sourceOf } from '../support.ts';

const authorized = { headers: { authorization: SECRET } };
const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('docker-hub'));

// docs.docker.com, "Docker Hub webhooks".
describe('Docker Hub', () => {
  const payload = (tag: string) => ({
    callback_url: 'https://registry.hub.docker.example/u/svendowideit/testhook/hook/2141b5bi5i5b02bec211i4eeih0242eg/',
    push_data: { pushed_at: 1417566161, pusher: 'trustedbuilder', tag },
    repository: {
      ...{ comment_count: 0, date_created: 1417494799, is_private: true, name: 'testhook', namespace: 'svendowideit' },
      ...{
        repo_name: 'svendowideit/testhook',
        repo_url: 'https://registry.hub.docker.example/u/svendowideit/testhook/',
      },
    },
  });

  it('names a tag, which is resolved once', async () => {
    const given = to();
    const { published } = await deliver(given, payload('latest'), inUrl);
    const at = { registry: HOST, repository: 'svendowideit/testhook', digest: RESOLVED, tags: ['latest'] };
    expect(published).toEqual([
      { event: 'Image Pushed', ...at, actor: 'trustedbuilder', pushedAt: '2014-12-03T00:22:41.000Z' },
    ]);
    expect(given.asked).toEqual([`${HOST}/svendowideit/testhook:latest`]);
  });

  it('is told nothing is wrong when the tag is gone by then: it would only send the same again', async () => {
    const { answer } = await deliver(to(), payload('absent'), inUrl);
    expect(answer).toEqual({ kind: 'accepted', events: 0, ignored: ['no-digest'] });
  });

  it.each([[{}], [{ query: { secret: 'guess' } }], [authorized]])('is refused with %j', async (sent) => {
    expect((await deliver(to(), payload('latest'), sent)).answer).toEqual({ kind: 'refused' });
  });
});
