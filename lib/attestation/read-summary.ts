import { z } from 'zod';
import { isLadingError, LadingError } from '../core/errors.ts';
import { digestSchema } from '../events/index.ts';
import { parseStatement, type Statement } from '../formats/intoto/index.ts';
import { MAX_BUNDLE_BYTES, parseSigstoreBundle } from '../formats/sigstore-bundle/index.ts';
import { VERDICT_EXTENSION } from './verdict-predicate.ts';

const summarySchema = z.object({
  verifier: z.object({ id: z.string() }),
  timeVerified: z.iso.datetime(),
  resourceUri: z.string(),
  policy: z.object({ uri: z.string(), digest: z.record(z.string(), z.string()).optional() }),
  verificationResult: z.enum(['PASSED', 'FAILED']),
  verifiedLevels: z.array(z.string()),
  [VERDICT_EXTENSION]: z.object({
    decision: z.enum(['allow', 'deny', 'quarantine']),
    validUntil: z.iso.datetime(),
    inputs: digestSchema,
    scan: digestSchema,
    advisorySnapshot: z.string().optional(),
  }),
});

/** What a summary of ours says. */
export interface VerdictSummary {
  readonly verifier: string;
  readonly verifiedAt: string;
  readonly validUntil: string;
  readonly result: 'PASSED' | 'FAILED';
  readonly decision: 'allow' | 'deny' | 'quarantine';
  readonly levels: readonly string[];
}

/** `undefined` where the predicate is no summary of ours: parse failure is failure. */
export function readSummary(predicate: unknown): VerdictSummary | undefined {
  const parsed = summarySchema.safeParse(predicate);
  if (!parsed.success) return undefined;
  const { verifier, timeVerified, verificationResult, verifiedLevels, [VERDICT_EXTENSION]: extension } = parsed.data;
  return {
    verifier: verifier.id,
    verifiedAt: timeVerified,
    validUntil: extension.validUntil,
    result: verificationResult,
    decision: extension.decision,
    levels: verifiedLevels,
  };
}

/**
 * The statement in a bundle of our own record, whose signature was checked when it was made.
 *
 * @throws LadingError `statement-damaged`
 */
export function statementOf(bundle: Uint8Array): Statement {
  try {
    const { content } = parseSigstoreBundle(bundle);
    if (content.kind === 'dsse') return parseStatement(content.envelope.payload, MAX_BUNDLE_BYTES);
  } catch (cause) {
    if (!isLadingError(cause)) throw cause;
    throw new LadingError('statement-damaged', `a recorded statement cannot be read: ${cause.message}`, { cause });
  }
  throw new LadingError('statement-damaged', 'a recorded statement is no envelope');
}
