import { type EventBridgeEvent, imageInUse, imagePulled, readEvent } from '../events/index.ts';
import type { LeaseStore, UsageStore } from './ports.ts';

export interface UsagePorts {
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly usage: Pick<UsageStore, 'pulled'>;
}

/**
 * Takes in what is told of the use of images: the time of a pull, and a lease for what runs. Idempotent, in any order.
 *
 * @returns `condemned` where a workload runs what is being deleted at this moment: too late to hold it
 */
export async function recordUsage(ports: UsagePorts, event: EventBridgeEvent): Promise<'recorded' | 'condemned'> {
  if (event['detail-type'] === imagePulled.detailType) {
    const { subject, pulledAt } = readEvent(imagePulled, event).detail.data;
    await ports.usage.pulled(subject, { digest: subject.digest, pulledAt });
    return 'recorded';
  }
  const { subject, workload, leaseUntil } = readEvent(imageInUse, event).detail.data;
  const reason = `${workload.kind} ${workload.name}`.slice(0, 300);
  const held = await ports.leases.hold(subject, { digest: subject.digest, reason, until: leaseUntil });
  return held === 'held' ? 'recorded' : held;
}
