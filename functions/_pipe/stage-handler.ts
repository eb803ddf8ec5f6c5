import type { z } from 'zod';
import { logger } from '../../lib/aws/telemetry.ts';
import { LadingError } from '../../lib/core/errors.ts';
import {
  type EventBridgeEvent,
  type EventDefinition,
  type EventDraft,
  type EventMetadata,
  readEvent,
} from '../../lib/events/index.ts';
import { handOver, runStage, type StagePorts, type TaskRunner, type WorkKey } from '../../lib/work/index.ts';
import { type Delivery, eventsHandler } from './events-handler.ts';

/** One kind of event that a stage is triggered by, and what it does about it. */
export interface StageRoute<Data extends z.ZodType = z.ZodType> {
  readonly on: EventDefinition<Data>;
  key(data: z.infer<Data>, metadata: EventMetadata): WorkKey;
  /** What there is to read or copy, at most, where it can be told; work without it is never handed to a task. */
  bytes?(data: z.infer<Data>): number | Promise<number | undefined> | undefined;
  /**
   * `signal` aborts a little before the function's time is up, so that work ends with a reason and not by force; until
   * then there are `timeMs`.
   */
  perform(
    data: z.infer<Data>,
    metadata: EventMetadata,
    signal: AbortSignal,
    timeMs: number,
  ): Promise<readonly EventDraft[] | undefined>;
}

export const route = <Data extends z.ZodType>(given: StageRoute<Data>): StageRoute => given as unknown as StageRoute;

/** Work on more bytes than these is handed to tasks. */
export interface LargeWork {
  readonly aboveBytes: number;
  readonly tasks: TaskRunner;
}

/** A queue-fed function that performs stages of the pipeline, each once per key. */
export const stageHandler = (
  ports: () => StagePorts,
  routes: readonly StageRoute[],
  largeWork: () => LargeWork | undefined = () => undefined,
): ReturnType<typeof eventsHandler> =>
  eventsHandler((event, delivery) => performStage(ports(), routes, event, delivery, largeWork()));

/** The lease ends after the function's time; the work should end before it. */
const ABORT_BEFORE_MS = 5_000;

export async function performStage(
  ports: StagePorts,
  routes: readonly StageRoute[],
  envelope: EventBridgeEvent,
  delivery: Delivery,
  large?: LargeWork,
): Promise<void> {
  const found = routes.find((candidate) => candidate.on.detailType === envelope['detail-type']);
  if (!found) throw new LadingError('event-unexpected', `no stage here takes "${envelope['detail-type']}"`);
  const { metadata, data } = readEvent(found.on, envelope).detail;
  const key = found.key(data, metadata);
  if (large !== undefined && ((await found.bytes?.(data)) ?? 0) > large.aboveBytes) {
    const work = { key, owner: delivery.owner, event: envelope };
    await handOver(ports.ledger, large.tasks, work, (message) => logger.warn(message));
  }
  const timeMs = Math.max(1, delivery.leaseMs - ABORT_BEFORE_MS);
  await runStage(ports, {
    key,
    ...delivery,
    cause: metadata,
    perform: () => found.perform(data, metadata, AbortSignal.timeout(timeMs), timeMs),
  });
}
