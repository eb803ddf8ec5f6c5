import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import {
  draftEvent,
  type EventBridgeEvent,
  type EventDraft,
  imageInUse,
  imagePulled,
  readEvent,
  releaseRequested,
} from '../events/index.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { RetentionConfig } from './config.ts';
import type { LeaseStore, QuarantineStore, UsageStore } from './ports.ts';

export interface UsagePorts {
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly usage: Pick<UsageStore, 'pulled' | 'used'>;
  readonly quarantine: Pick<QuarantineStore, 'quarantineOf'>;
}

export type UsageResult =
  | { readonly kind: 'recorded'; readonly events: readonly EventDraft[] }
  /** A workload runs what is being deleted at this moment: too late to hold it. */
  | { readonly kind: 'condemned' };

/**
 * Takes in what is told of the use of images: the time of a pull, and a lease for what runs. What was set aside and is
 * used is asked to be put back. Idempotent, in any order.
 */
export async function recordUsage(
  ports: UsagePorts,
  event: EventBridgeEvent,
  { ownActors = [] }: Pick<RetentionConfig, 'ownActors'> = {},
): Promise<UsageResult> {
  if (event['detail-type'] === imagePulled.detailType) {
    const { subject, pulledAt, actor } = readEvent(imagePulled, event).detail.data;
    // A scanner that pulls everything each night would make everything used.
    if (actor !== undefined && compileGlobs(ownActors)(actor)) return { kind: 'recorded', events: [] };
    await ports.usage.pulled(subject, { digest: subject.digest, pulledAt });
    return { kind: 'recorded', events: await disturb(ports, subject, pulledAt, `pulled at ${pulledAt}`) };
  }
  const { subject, workload, observedAt, leaseUntil } = readEvent(imageInUse, event).detail.data;
  const reason = `${workload.kind} ${workload.name}`.slice(0, 300);
  await ports.usage.used(subject, { digest: subject.digest, usedAt: observedAt });
  const held = await ports.leases.hold(subject, { digest: subject.digest, reason, until: leaseUntil });
  if (held === 'condemned') return { kind: 'condemned' };
  return { kind: 'recorded', events: await disturb(ports, subject, leaseUntil, `in use by ${reason}`) };
}

/**
 * What is to be put back because of a use. Read after the lease was written: who sets aside writes first and reads the
 * leases then, so one of the two sees the other.
 */
export async function disturb(
  { quarantine }: Pick<UsagePorts, 'quarantine'>,
  { registry, repository, digest }: RepositoryName & { readonly digest: Digest },
  until: string,
  why: string,
): Promise<readonly EventDraft[]> {
  const aside = await quarantine.quarantineOf({ registry, repository, digest });
  if (!aside || until <= aside.quarantinedAt) return [];
  const reason = `${digest} was ${why}`.slice(0, 500);
  const subject = { registry, repository, digest: aside.root };
  return [draftEvent(releaseRequested, { subject, reason })];
}
