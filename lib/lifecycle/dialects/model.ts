import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { type RetentionPolicy, retentionPolicySchema } from '../config.ts';

/** Somebody else's rules in our language. */
export interface Reading {
  readonly policies: readonly RetentionPolicy[];
  /** Where the outcome may differ, a sentence each; empty where it cannot. */
  readonly losses: readonly string[];
}

/** A policy of ours in somebody else's language. */
export interface Writing {
  readonly document: unknown;
  readonly losses: readonly string[];
}

export interface ReadOptions {
  /** What the rules are for, as a glob of our repositories: such rules often belong to one repository or project. */
  readonly repositories: string;
}

export interface Dialect {
  /** @throws LadingError `policy-unreadable`, naming each member that is wrong */
  read(document: unknown, options: ReadOptions): Reading;
  write(policy: RetentionPolicy): Writing;
}

export function parseDocument<T extends z.ZodType>(of: string, schema: T, document: unknown): z.infer<T> {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new LadingError('policy-unreadable', `not valid rules of ${of}: ${z.prettifyError(parsed.error)}`);
}

/** Checks what was read by the same schema as the setting, so that nothing leaves here that could not be deployed. */
export function toPolicy(of: string, policy: z.input<typeof retentionPolicySchema>): RetentionPolicy {
  return parseDocument(of, retentionPolicySchema, policy);
}

/** For languages that know no archive: their writers leave such rules out. */
export const archiveLosses = (of: string, { rules, keepArchivedDays }: RetentionPolicy): readonly string[] => [
  ...rules
    .filter(({ action }) => action === 'archive')
    .map(({ name }) => `rule "${name}" archives, and ${of} has no archive that its rules could use`),
  ...(keepArchivedDays === undefined ? [] : [`what is archived is kept for a time, and ${of} has no archive`]),
];
