import { describe, expect, it } from 'vitest';
import { exampleDelivery, senderKinds } from '../../../lib/intake/index.ts';
import { DIGEST, deliver, HOST, NOW, ports, RESOLVED, SECRET, sourceOf } from './support.ts';

const image = {
  ...{ registry: HOST, repository: 'team/sub/app', tag: 'v1', digest: DIGEST },
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
};
const kinds = senderKinds.filter((kind) => kind !== 'google');
const send = (given: ReturnType<typeof ports>, example: ReturnType<typeof exampleDelivery>) =>
  deliver(given, example.body, example);

describe('the example of a delivery', () => {
  it.each(kinds)('of %s is taken in as a push of the image, each time anew', async (kind) => {
    const given = ports(sourceOf(kind));
    // The time of Docker Hub and Harbor is in seconds.
    for (const [id, now] of [
      ['one', NOW],
      ['two', '2026-05-08T15:13:07.000Z'],
    ] as const) {
      const example = exampleDelivery({ kind }, image, SECRET, { now: new Date(now), id });
      const { published } = await send(given, example);
      const digest = ['docker-hub', 'quay', 'nexus'].includes(kind) ? RESOLVED : DIGEST;
      const subject = { registry: HOST, repository: 'team/sub/app', tags: ['v1'], digest };
      // Quay's body says neither time nor id.
      if (id === 'one' || kind !== 'quay') expect(published).toMatchObject([{ event: 'Image Pushed', ...subject }]);
    }
  });

  it.each(['artifactory', 'nexus'] as const)('of %s fits where the path names the repository or not', async (kind) => {
    for (const repositoryInPath of [true, false]) {
      const given = ports(sourceOf(kind, { repositoryInPath }));
      const example = exampleDelivery({ kind, repositoryInPath }, image, SECRET, { now: new Date(NOW), id: 'an id' });
      expect((await send(given, example)).published).toMatchObject([{ repository: 'team/sub/app' }]);
    }
  });

  it('of Google cannot be signed by anybody else', () => {
    expect(() => exampleDelivery({ kind: 'google' }, image, SECRET, { now: new Date(NOW), id: 'an id' })).toThrow(
      expect.objectContaining({ code: 'example-not-signable' }),
    );
  });
});
