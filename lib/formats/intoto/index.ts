import { z } from 'zod';
import { type Digest, digestAlgorithm, digestHex } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';

/** The payload type of a DSSE envelope that holds a statement (in-toto/attestation, spec/v1/envelope.md). */
export const IN_TOTO_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_V1 = 'https://in-toto.io/Statement/v1';
const STATEMENT_V01 = 'https://in-toto.io/Statement/v0.1';

/** What a statement is about. Keys of `digest` are a stranger's: algorithm → hex. */
export interface StatementSubject {
  readonly name?: string;
  readonly digest: ReadonlyMap<string, string>;
}

/** in-toto attestation framework v1, "Statement" (spec/v1/statement.md); v0.1 has the same members. */
export interface Statement {
  readonly type: string;
  readonly subject: readonly StatementSubject[];
  readonly predicateType: string;
  /** Not looked into here: its schema is the predicate type's. */
  readonly predicate: unknown;
}

const MAX_SUBJECTS = 10_000;

const digestSet = z.custom<Readonly<Record<string, string>>>(
  (value) =>
    value !== null &&
    typeof value === 'object' &&
    !Array.isArray(value) &&
    Object.values(value).every((hex) => typeof hex === 'string' && hex.length <= 1024),
  'not a set of digests',
);

const statementSchema = z.object({
  _type: z.enum([STATEMENT_V1, STATEMENT_V01]),
  subject: z
    .array(z.object({ name: z.string().nullish(), digest: digestSet }))
    .min(1)
    .max(MAX_SUBJECTS),
  predicateType: z.string().min(1).max(2048),
  predicate: z.unknown().optional(),
});

/** @throws LadingError `statement-invalid` */
export function parseStatement(bytes: Uint8Array, maxBytes = 64 * 1024 * 1024): Statement {
  let value: unknown;
  try {
    value = parseJsonStrict(bytes, { maxBytes, what: 'the in-toto statement' });
  } catch (cause) {
    throw new LadingError('statement-invalid', cause instanceof Error ? cause.message : 'unreadable', { cause });
  }
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) {
    throw new LadingError('statement-invalid', `not an in-toto statement: ${z.prettifyError(parsed.error)}`);
  }
  const { _type, subject, predicateType, predicate } = parsed.data;
  return {
    type: _type,
    subject: subject.map(({ name, digest }) => ({
      ...(name ? { name } : {}),
      digest: new Map(Object.entries(digest)),
    })),
    predicateType,
    predicate,
  };
}

export interface StatementInput {
  readonly subject: readonly { readonly name?: string; readonly digest: Digest }[];
  readonly predicateType: string;
  readonly predicate: unknown;
}

/** A statement v1 as canonical JSON: equal input is equal bytes. */
export function encodeStatement(input: StatementInput): Uint8Array {
  const subject = input.subject.map(({ name, digest }) => ({
    ...(name ? { name } : {}),
    digest: { [digestAlgorithm(digest)]: digestHex(digest) },
  }));
  const { predicateType, predicate } = input;
  return new TextEncoder().encode(canonicalJson({ _type: STATEMENT_V1, subject, predicateType, predicate }));
}

/** Whether the statement names exactly this content among its subjects. */
export function isAbout(statement: Statement, digest: Digest): boolean {
  return statement.subject.some((subject) => subject.digest.get(digestAlgorithm(digest)) === digestHex(digest));
}
