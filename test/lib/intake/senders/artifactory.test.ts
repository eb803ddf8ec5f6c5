import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, hmac, ports, RESOLVED, SECRET, sourceOf } from '../support.ts';

const authorized = { headers: { authorization: SECRET } };
const to = (more: object = {}) => ports(sourceOf('artifactory', more));

// jfrog.com/help, "Event types", domain docker.
describe('Artifactory', () => {
  const payload = (event_type: string, more: object = {}) => ({
    ...{
      domain: 'docker',
      event_type,
      subscription_key: 'test',
      jpd_origin: 'https://jfrog.example',
      source: 'jfrog/x',
    },
    data: {
      ...{ repo_key: 'docker-local', path: 'library/ubuntu/latest/list.manifest.json', name: 'list.manifest.json' },
      ...{ sha256: DIGEST.slice(7), size: 1206, image_name: 'library/ubuntu', tag: 'latest', image_type: 'docker' },
      platforms: [{ architecture: 'amd64', os: 'linux' }],
      ...more,
    },
  });
  const plain = { headers: { 'x-jfrog-event-auth': SECRET } };

  it('proves itself by the secret or by a signature', async () => {
    const body = payload('pushed');
    const at = { registry: HOST, repository: 'docker-local/library/ubuntu', digest: DIGEST, tags: ['latest'] };
    for (const sent of [plain, { headers: { 'x-jfrog-event-auth': hmac(body) } }]) {
      expect((await deliver(to(), body, sent)).published).toMatchObject([{ event: 'Image Pushed', ...at }]);
    }
    for (const sent of [{}, authorized, { headers: { 'x-jfrog-event-auth': hmac(body, 'sha256', 'guess') } }]) {
      expect((await deliver(to(), body, sent)).answer).toEqual({ kind: 'refused' });
    }
  });

  it('leaves the repository out of the name where the host is the repository', async () => {
    const given = to({ repositoryInPath: false });
    expect((await deliver(given, payload('deleted'), plain)).published).toMatchObject([
      { event: 'Image Deleted', repository: 'library/ubuntu', digest: DIGEST },
    ]);
  });

  it('has a tag resolved where the file is no manifest, and has the digest for the tag of what has none', async () => {
    const given = to();
    const layer = payload('pushed', { name: 'sha256__ab' });
    expect((await deliver(given, layer, plain)).published).toMatchObject([{ digest: RESOLVED, tags: ['latest'] }]);
    const untagged = payload('pushed', { tag: DIGEST, name: 'manifest.json' });
    expect((await deliver(given, untagged, plain)).published).toMatchObject([{ digest: DIGEST, tags: [] }]);
  });

  it.each([
    [{ ...payload('deployed'), domain: 'artifact' }, 'not-an-image'],
    [payload('promoted'), 'event-not-followed'],
  ])('ignores what is no push or deletion of an image', async (body, reason) => {
    expect((await deliver(to(), body, plain)).answer).toMatchObject({ events: 0, ignored: [reason] });
  });
});
