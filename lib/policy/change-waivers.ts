import type { Clock } from '../core/clock.ts';
import { LadingError } from '../core/errors.ts';
import { draftEvent, type EventPublisher, publishable, waiverChanged } from '../events/index.ts';
import type { WaiverStore } from './ports.ts';
import { createWaiver, type Waiver, type WaiverRequest } from './waiver.ts';

export interface WaiverPorts {
  readonly waivers: WaiverStore;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

/**
 * Accepts a vulnerability in some images until a day. Stored first, then told; asking again tells it again, so that an
 * answer that was lost costs nothing.
 *
 * @throws LadingError `waiver-invalid`
 */
export async function addWaiver(ports: WaiverPorts, request: WaiverRequest, recordedBy?: string): Promise<Waiver> {
  const waiver = await ports.waivers.add(createWaiver(request, ports.clock.now(), recordedBy));
  await tell(ports, waiver, 'added', waiver.author);
  return waiver;
}

/** @throws LadingError `waiver-unknown` */
export async function removeWaiver(ports: WaiverPorts, id: string, by: string): Promise<Waiver> {
  const waiver = await ports.waivers.remove(id, { at: ports.clock.now().toISOString(), by });
  if (waiver === undefined) throw new LadingError('waiver-unknown', `there is no waiver ${id.slice(0, 40)}`);
  await tell(ports, waiver, 'removed', by);
  return waiver;
}

async function tell(ports: WaiverPorts, waiver: Waiver, change: 'added' | 'removed', by: string): Promise<void> {
  const now = ports.clock.now();
  const draft = draftEvent(waiverChanged, { waiver: summaryOf(waiver), change, by });
  // The same waiver can be given and taken back more than once.
  await ports.publisher.publish([publishable(draft, { root: `waiver ${waiver.id} ${now.toISOString()}` }, now)]);
}

export function summaryOf({ id, vulnerability, image, package: name, reason, author, until }: Waiver) {
  return { id, vulnerability, image, ...(name ? { package: name } : {}), reason, author, until };
}
