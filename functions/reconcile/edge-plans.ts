import { systemClock } from '../../lib/core/clock.ts';
import { dynamoEdge } from '../../lib/edge/adapters/dynamo-edge.ts';
import { draftEvent, type EventDraft, edgePlansDue } from '../../lib/events/index.ts';
import { table } from '../_pipe/wiring.ts';

/** Scores change with time alone, and states come to their end: who signs is another function. */
export async function tellEdgePlans(publish: (drafts: readonly EventDraft[]) => Promise<void>): Promise<void> {
  const sites = (await dynamoEdge(table('replicas'), systemClock).all()).filter((site) => !site.revokedAt).length;
  if (sites > 0) await publish([draftEvent(edgePlansDue, { because: 'time', sites })]);
}
