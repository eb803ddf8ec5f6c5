import { describe, expect, it } from 'vitest';
import { DIGEST, deliver, HOST, hmac, ports, RESOLVED, SECRET, sourceOf } from '../support.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const inUrl = { query: { secret: SECRET } };
const to = () => ports(sourceOf('ghcr'));

// docs.github.com, "Webhook events and payloads", package and registry_package; kargo's github_test.go.
describe('GHCR', () => {
  const version = {
    ...{ id: 1, version: DIGEST, package_url: `${HOST}/octo-org/Repo:v1.0.0`, updated_at: '2026-05-01T10:00:00Z' },
    container_metadata: {
      tag: { name: 'v1.0.0', digest: DIGEST },
      labels: { source: 'https://github.example/octo-org/repo' },
      manifest: { media_type: MANIFEST, config: { media_type: 'application/vnd.docker.container.image.v1+json' } },
    },
  };
  const payload = (key: 'package' | 'registry_package', more: object = {}, action = 'published') => ({
    action,
    [key]: { name: 'repo', namespace: 'octo-org', package_type: 'CONTAINER', package_version: { ...version, ...more } },
    sender: { login: 'octocat' },
  });
  const sent = (body: unknown, event = 'package', key = SECRET) => ({
    headers: {
      ...{ 'x-github-event': event, 'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958' },
      'x-hub-signature-256': `sha256=${hmac(body, 'sha256', key)}`,
    },
  });

  it.each(['package', 'registry_package'] as const)('says under the key %s what was published', async (key) => {
    const body = payload(key);
    const { published } = await deliver(to(), body, sent(body, key));
    const at = { registry: HOST, repository: 'octo-org/repo', digest: DIGEST, tags: ['v1.0.0'] };
    const more = { mediaType: MANIFEST, actor: 'octocat', pushedAt: '2026-05-01T10:00:00.000Z' };
    expect(published).toEqual([{ event: 'Image Pushed', ...at, ...more }]);
  });

  it('may say the tag in the URL alone, which is resolved, or no tag at all', async () => {
    const bare = payload('package', { version: '', container_metadata: {}, package_url: `${HOST}/octo-org/repo:V1` });
    const given = to();
    expect((await deliver(given, bare, sent(bare))).published).toMatchObject([{ digest: RESOLVED, tags: ['V1'] }]);
    const untagged = payload('package', {
      container_metadata: { tag: { name: '', digest: '' } },
      package_url: `${HOST}/octo-org/repo:`,
    });
    expect((await deliver(given, untagged, sent(untagged))).published).toMatchObject([{ digest: DIGEST, tags: [] }]);
  });

  it.each<[string, object, string, string]>([
    ['a ping', { zen: 'Keep it logically awesome.' }, 'ping', 'connection-test'],
    ['a push to git', { ref: 'refs/heads/main' }, 'push', 'event-not-followed'],
    ['a deletion', payload('package', {}, 'deleted'), 'package', 'event-not-followed'],
    ['a package of another kind', { action: 'published', package: { package_type: 'npm' } }, 'package', 'not-an-image'],
    ['another host', payload('package', { package_url: 'ghcr.io/a/b:1' }), 'package', 'another-registry'],
  ])('ignores %s', async (_what, body, event, reason) => {
    const { answer } = await deliver(to(), body, sent(body, event));
    expect(answer).toEqual({ kind: 'accepted', events: 0, ignored: [reason] });
  });

  it('is refused without the right signature', async () => {
    const body = payload('package');
    for (const one of [{}, inUrl, sent(body, 'package', 'guess'), sent({ other: 1 })]) {
      expect((await deliver(to(), body, one)).answer).toEqual({ kind: 'refused' });
    }
  });
});
