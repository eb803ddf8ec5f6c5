import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { draftEvent, imageInUse, imagePulled, publishable } from '../../../lib/events/index.ts';
import { memoryRetention } from '../../../lib/lifecycle/adapters/memory-retention.ts';
import { recordUsage } from '../../../lib/lifecycle/index.ts';

const subject = {
  registry: 'r.example',
  repository: 'app',
  digest: digestOf('a'),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  tags: ['v1'],
};
const envelope = (draft: Parameters<typeof publishable>[0]) => {
  const { source, detailType, detail } = publishable(draft, { root: 'r' }, new Date('2026-06-01T00:00:00Z'));
  return {
    version: '0',
    id: 'e',
    source,
    'detail-type': detailType,
    account: '123456789012',
    time: '2026-06-01T00:00:00Z',
    region: 'eu-central-1',
    resources: [],
    detail,
  };
};

describe('what is told of the use of an image', () => {
  it('is kept: the latest pull, and a lease for each workload', async () => {
    const retention = memoryRetention();
    const ports = { leases: retention, usage: retention, quarantine: retention };
    for (const pulledAt of ['2026-05-02T00:00:00.000Z', '2026-05-01T00:00:00.000Z']) {
      await recordUsage(ports, envelope(draftEvent(imagePulled, { subject, origin: 'webhook', pulledAt })));
    }
    const workload = { kind: 'ecs-task', name: 'web' };
    const times = { observedAt: '2026-06-01T00:00:00.000Z', leaseUntil: '2026-06-02T00:00:00.000Z' };
    await recordUsage(ports, envelope(draftEvent(imageInUse, { subject, workload, ...times })));
    expect(await retention.pulls(subject)).toEqual({
      since: '2026-05-01T00:00:00.000Z',
      last: new Map([[subject.digest, '2026-05-02T00:00:00.000Z']]),
    });
    expect((await retention.uses(subject))?.last).toEqual(new Map([[subject.digest, times.observedAt]]));
    expect(await retention.leases(subject)).toEqual([
      { digest: subject.digest, reason: 'ecs-task web', until: times.leaseUntil },
    ]);
  });

  it('is no use where the one who pulls is ours', async () => {
    const retention = memoryRetention();
    const ports = { leases: retention, usage: retention, quarantine: retention };
    const pull = { subject, origin: 'webhook' as const, pulledAt: '2026-05-02T00:00:00.000Z', actor: 'robot$lading' };
    await recordUsage(ports, envelope(draftEvent(imagePulled, pull)), { ownActors: ['robot$*'] });
    expect(await retention.pulls(subject)).toBeUndefined();
    await recordUsage(ports, envelope(draftEvent(imagePulled, pull)), { ownActors: ['trivy'] });
    expect(await retention.pulls(subject)).toBeDefined();
  });
});
