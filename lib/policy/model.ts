import { z } from 'zod';
import { digestSchema, gateDecided, subjectSchema } from '../events/index.ts';
import { type Vote, voteSchema } from '../scanners/index.ts';
import { type AssessedImage, type SourcedStatement, sourcedStatementSchema } from '../vex/index.ts';
import type { ScanDocument } from '../vulnerabilities/index.ts';
import { type PolicyConfig, type PolicyException, policyConfigSchema } from './config.ts';
import { type Waiver, waiverSchema } from './waiver.ts';

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
  /** Where the image is; absent in inputs that were recorded before it mattered. */
  readonly image?: AssessedImage | undefined;
  /** In force, and about this image. */
  readonly waivers?: readonly Waiver[] | undefined;
  readonly statements?: readonly SourcedStatement[] | undefined;
  readonly votes?: readonly Vote[] | undefined;
  /** What ended and would have mattered, in words. */
  readonly over?: readonly string[] | undefined;
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
  image: z.object({ registry: z.string(), repository: z.string(), digest: digestSchema }).optional(),
  waivers: z.array(waiverSchema).optional(),
  /** Only the statements that are about a finding of the scan or of a vote that counts. */
  statements: z.array(sourcedStatementSchema).optional(),
  /** Only the votes that count. */
  votes: z.array(voteSchema).optional(),
  over: z.array(z.string()).optional(),
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
