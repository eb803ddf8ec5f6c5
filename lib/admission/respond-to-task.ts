import { z } from 'zod';
import { isDigest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import { draftEvent, type EventDraft, untrustedImageStarted } from '../events/index.ts';
import type { AdmissionConfig } from './config.ts';
import { parseWorkloadImage } from './parse-workload-image.ts';
import type { TrustJudge } from './ports.ts';

/** "ECS Task State Change" (ECS developer guide, "Task state change events"), as far as it is needed. */
const taskChangeSchema = z.object({
  clusterArn: z.string().min(1),
  taskArn: z.string().min(1),
  lastStatus: z.string(),
  desiredStatus: z.string().optional(),
  group: z.string().optional(),
  containers: z
    .array(z.object({ name: z.string().optional(), image: z.string(), imageDigest: z.string().optional() }))
    .max(200)
    .default([]),
});
export type TaskChange = z.infer<typeof taskChangeSchema>;

/** `undefined`: no task that begins or runs; what ends is of no interest. */
export function readTaskChange(detail: unknown): TaskChange | undefined {
  const parsed = taskChangeSchema.safeParse(detail);
  if (!parsed.success) return undefined;
  const { desiredStatus, lastStatus } = parsed.data;
  return desiredStatus === 'STOPPED' || /^(?:STOPP|DEACTIV|DEPROVISION|DELETED)/.test(lastStatus)
    ? undefined
    : parsed.data;
}

/** Tells a task to stop, with the reason. Idempotent. */
export interface TaskStopper {
  stop(task: { readonly cluster: string; readonly task: string; readonly reason: string }): Promise<void>;
}

export interface TaskPorts {
  readonly trust: TrustJudge;
  readonly stopper: TaskStopper;
}

export type TaskResponse = readonly EventDraft[];

/**
 * Looks at what a task runs, once its images are known by digest, and tells of those that are not trusted; where the
 * configuration says so, the task is told to stop. ECS asks nobody before it starts a task: this is after the fact.
 *
 * @throws LadingError where it cannot be told, so that the event comes again
 */
export async function respondToTask(
  { trust, stopper }: TaskPorts,
  task: TaskChange,
  config: Pick<AdmissionConfig, 'exempt' | 'stopTasks' | 'mode'>,
): Promise<TaskResponse> {
  if (config.mode === 'off') return [];
  const isExempt = compileGlobs(config.exempt);
  const found: { readonly subject: Parameters<typeof toDraft>[0]; readonly reason: string; readonly detail: string }[] =
    [];
  for (const { image, imageDigest } of task.containers) {
    const reference = parseWorkloadImage(image);
    const digest = imageDigest ?? reference?.digest;
    // Not pulled yet: the next change of the task tells the digest.
    if (reference === undefined || !isDigest(digest)) continue;
    const { registry, repository, tag } = reference;
    if (isExempt(`${registry}/${repository}`)) continue;
    const decision = await trust.judge({ registry, repository, digest });
    if (decision.kind === 'trusted') continue;
    const subject = { registry, repository, digest, tags: tag === undefined ? [] : [tag] };
    found.push({ subject, reason: decision.reason, detail: decision.detail });
  }
  const [first] = found;
  if (first === undefined) return [];
  const stopped = config.stopTasks && config.mode === 'enforce';
  if (stopped) {
    const reason = `Lading does not trust ${first.subject.repository}@${first.subject.digest}: ${first.detail}`;
    await stopper.stop({ cluster: task.clusterArn, task: task.taskArn, reason: reason.slice(0, MAX_REASON) });
  }
  return found.map(({ subject, ...why }) => toDraft(subject, { ...why, stopped, name: task.taskArn }));
}

/** ECS API reference, StopTask: a reason has at most 255 characters. */
const MAX_REASON = 255;

const toDraft = (
  subject: {
    readonly registry: string;
    readonly repository: string;
    readonly digest: `sha256:${string}` | `sha512:${string}`;
    readonly tags: string[];
  },
  {
    name,
    ...why
  }: { readonly reason: string; readonly detail: string; readonly stopped: boolean; readonly name: string },
): EventDraft => draftEvent(untrustedImageStarted, { subject, workload: { kind: 'ecs-task', name }, ...why });
