import { type EventBridgeEvent, imageInUse, imagePulled, readEvent } from '../events/index.ts';
import type { LeaseStore, UsageStore } from './ports.ts';

export interface UsagePorts {
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly usage: Pick<UsageStore, 'pulled'>;
}

/**
 * Takes in what is told of the use of images: the time of a pull, and a lease for what runs. Idempotent, in any order.
 */
export async function recordUsage(ports: UsagePorts, event: EventBridgeEvent): Promise<void> {
  if (event['detail-type'] === imagePulled.detailType) {
    const { subject, pulledAt } = readEvent(imagePulled, event).detail.data;
    return await ports.usage.pulled(subject, { digest: subject.digest, pulledAt });
  }
  const { subject, workload, leaseUntil } = readEvent(imageInUse, event).detail.data;
  const reason = `${workload.kind} ${workload.name}`.slice(0, 300);
  await ports.leases.hold(subject, { digest: subject.digest, reason, until: leaseUntil });
}
