import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, ports, SECRET, sourceOf } from '../support.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const authorized = { headers: { authorization: SECRET } };
const inUrl = { query: { secret: SECRET } };
const to = (kind: string) => ports(sourceOf(kind));

// distribution.github.io, "Work with notifications", and distribution's notifications/event.go.
describe.each(['distribution', 'gitlab'])('a registry of the kind %s', (kind) => {
  const target = {
    ...{ mediaType: MANIFEST, size: 708, digest: DIGEST, length: 708, repository: 'group/project/app', tag: 'v1' },
    url: 'http://10.0.0.1:5000/v2/group/project/app/manifests/x',
  };
  const event = {
    ...{ id: '320678d8-ca14-430f-8bb6-4ca139cd83f7', timestamp: '2026-03-09T14:44:26.402973972-08:00', action: 'push' },
    target,
    request: { id: '6df24a34', addr: '192.168.64.11:42961', host: 'registry:5000', method: 'PUT', useragent: 'curl' },
    actor: { name: 'test-actor' },
    source: { addr: 'hostname.local:port', instanceID: 'a53db899' },
  };
  const ofAction = (action: string, more: object = {}) => ({ ...event, action, target: { ...target, ...more } });

  it('tells pushes, pulls and deletions of manifests, and blobs are no images', async () => {
    const body = {
      events: [
        event,
        ofAction('push', { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', tag: '' }),
        ofAction('pull', { tag: '' }),
        {
          ...ofAction('mount'),
          target: { mediaType: 'application/octet-stream', digest: DIGEST, fromRepository: 'a' },
        },
        { ...event, action: 'delete', actor: {}, target: { digest: DIGEST, repository: 'group/project/app' } },
      ],
    };
    const { answer, published } = await deliver(to(kind), body, {
      headers: { ...authorized.headers, 'content-type': 'application/vnd.docker.distribution.events.v1+json' },
    });
    expect(answer).toEqual({ kind: 'accepted', events: 3, ignored: ['not-an-image', 'not-an-image'] });
    const at = { registry: HOST, repository: 'group/project/app', digest: DIGEST };
    const time = '2026-03-09T22:44:26.402Z';
    expect(published).toEqual([
      { event: 'Image Pushed', ...at, tags: ['v1'], mediaType: MANIFEST, pushedAt: time, actor: 'test-actor' },
      { event: 'Image Pulled', ...at, tags: [], mediaType: MANIFEST, pulledAt: time, actor: 'test-actor' },
      { event: 'Image Deleted', ...at, tags: [], deletedAt: time },
    ]);
  });

  it('tells of a deleted tag alone what nobody can follow', async () => {
    const body = { events: [{ ...event, action: 'delete', target: { repository: 'group/project/app', tag: 'v1' } }] };
    const given = to(kind);
    expect((await deliver(given, body, authorized)).answer).toMatchObject({ events: 0, ignored: ['no-digest'] });
    expect(given.asked).toEqual([]);
  });

  it('proves itself by the header that it was configured with', async () => {
    const bearer = { headers: { authorization: `Bearer ${SECRET}` } };
    expect((await deliver(to(kind), { events: [event] }, bearer)).answer).toMatchObject({ events: 1 });
    for (const sent of [{}, inUrl, { headers: { authorization: `Token ${SECRET}` } }]) {
      expect((await deliver(to(kind), { events: [event] }, sent)).answer).toEqual({ kind: 'refused' });
    }
  });
});
