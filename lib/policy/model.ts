import { z } from 'zod';
import { digestSchema, gateDecided, subjectSchema } from '../events/index.ts';
import type { ScanDocument } from '../vulnerabilities/index.ts';
import { type PolicyConfig, type PolicyException, policyConfigSchema } from './config.ts';

const decisionSchema = gateDecided.data.shape.decision;
export type Decision = z.infer<typeof decisionSchema>;

/**
 * All that a decision depends on. Time enters only through the exceptions that are in force, so that a retry decides
 * from the same inputs, and a replay needs no clock.
 */
export interface GateInputs {
  readonly policy: PolicyConfig;
  readonly inForce: readonly PolicyException[];
  readonly scan: ScanDocument;
}

export interface GateDecision {
  readonly decision: Decision;
  /** Why not `allow`; empty for `allow`. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** The inputs as they are kept: with the scan document of that digest, the decision can be made again. */
export const recordedInputsSchema = z.object({
  schemaVersion: z.literal(1),
  policy: policyConfigSchema,
  inForce: policyConfigSchema.shape.exceptions,
  scan: z.object({ key: z.string(), digest: digestSchema }),
});
export type RecordedInputs = z.infer<typeof recordedInputsSchema>;

export const verdictSchema = z.object({
  subject: subjectSchema,
  decision: decisionSchema,
  reasons: z.array(z.string()),
  warnings: z.array(z.string()),
  policy: z.object({ name: z.string(), digest: digestSchema }),
  inputs: z.object({ key: z.string(), digest: digestSchema }),
  scan: digestSchema,
  snapshot: z.string().optional(),
  /** When the scan was told of: of two verdicts about an image, the one on the later scan stands. */
  asOf: z.iso.datetime(),
  decidedAt: z.iso.datetime(),
});
export type Verdict = z.infer<typeof verdictSchema>;
