import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { type PlannedCopy, type ReplicaState, replicaStateSchema } from '../replication/index.ts';
import { replicationPage } from './pages/replication-page.ts';

/** What the console reads of copies. */
export interface ReplicationDesk {
  /** What was last found of each repository at each target. */
  states(): Promise<readonly ReplicaState[]>;
  /** What the rules, or one of them, would copy; nothing is copied. */
  plan(only: {
    readonly rule?: string | undefined;
    readonly repository?: string | undefined;
  }): Promise<readonly PlannedCopy[]>;
}

const MAX_BODY_BYTES = 16 * 1024;
const MOST_PLANNED = 5_000;
const repositoryName = z.string().min(1).max(255);

export const copyPlanRequest = z.strictObject({
  rule: z.string().min(1).max(60).optional(),
  repository: repositoryName.optional(),
});

const place = z.object({ registry: z.string(), repository: z.string() });
const state = replicaStateSchema.omit({ buckets: true, scrubNext: true }).extend({
  equal: z.boolean().describe('everything was there when it was last looked at'),
});
const planned = z.object({
  source: place,
  target: place,
  rule: z.string(),
  root: z.string(),
  mediaType: z.string(),
  tags: z.array(z.string()),
  since: z.string(),
  arrived: z.boolean(),
  bytes: z.int().nonnegative(),
});

export const replicationAnswers = {
  replication: z.object({ replicas: z.array(state) }),
  copyPlan: z.object({ copies: z.array(planned), more: z.int().nonnegative() }),
} as const;

/** A state as it is shown: the hashes of buckets are for the next comparison. */
export function toView({ buckets: _buckets, scrubNext: _next, ...shown }: ReplicaState) {
  return { ...shown, equal: shown.heldRoot === shown.expectedRoot && shown.corrupted === 0 };
}

export function addReplication(app: Hono, ports: { readonly replication: ReplicationDesk }): void {
  const views = async () => (await ports.replication.states()).map(toView);
  app.get('/replication', async (context) => context.html(replicationPage(await views())));
  app.get('/api/replication', async (context) => context.json({ replicas: await views() }));
  const limited = bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError: () => {
      throw new LadingError('request-too-large', `the body is over ${MAX_BODY_BYTES} bytes`);
    },
  });
  app.post('/api/replication/plan', limited, async (context) => {
    const text = await context.req.text();
    const asked = copyPlanRequest.safeParse(parseJsonStrict(text, { maxBytes: MAX_BODY_BYTES, what: 'the request' }));
    if (!asked.success) throw new LadingError('request-invalid', z.prettifyError(asked.error));
    const copies = await ports.replication.plan(asked.data);
    return context.json({ copies: copies.slice(0, MOST_PLANNED), more: Math.max(0, copies.length - MOST_PLANNED) });
  });
}
