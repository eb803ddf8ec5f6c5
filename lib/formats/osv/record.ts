import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';

/**
 * What matching needs of an OSV record (Open Source Vulnerability format 1.x, ossf/osv-schema). Unknown members are let
 * pass; what says who is affected must be well formed, since a range that is read wrongly hides a vulnerability.
 */
const id = z.string().min(1).max(200);
const version = z.string().min(1).max(512);
/** Some databases write `null` for an absent list. */
const list = <Item extends z.ZodType>(item: Item, most: number) =>
  z
    .array(item)
    .max(most)
    .nullish()
    .transform((items) => items ?? []);

/** What only helps: another shape of it is no reason to refuse the record. */
const hints = <Item extends z.ZodType>(item: Item) => z.array(item).max(10_000).optional().catch(undefined);

const severity = z.object({ type: z.string(), score: z.string().max(500) });

const eventSchema = z
  .object({
    introduced: version.optional(),
    fixed: version.optional(),
    last_affected: version.optional(),
    limit: version.optional(),
  })
  .refine((event) => Object.values(event).some((value) => value !== undefined), {
    error: 'an event names none of introduced, fixed, last_affected, limit',
  });

const rangeSchema = z.object({
  type: z.enum(['SEMVER', 'ECOSYSTEM', 'GIT']),
  events: z.array(eventSchema).min(1).max(10_000),
});

const affectedSchema = z.object({
  package: z
    .object({ ecosystem: z.string().min(1).max(300), name: z.string().min(1).max(1000) })
    .nullish()
    .transform((value) => value ?? undefined),
  severity: list(severity, 20),
  ranges: list(rangeSchema, 10_000),
  versions: list(version, 500_000),
  ecosystem_specific: z
    .looseObject({
      urgency: z.unknown().optional(),
      severity: z.unknown().optional(),
      imports: hints(z.object({ path: z.string().max(500), symbols: list(z.string().max(300), 10_000) })),
      affects: z
        .looseObject({ functions: hints(z.string().max(300)) })
        .optional()
        .catch(undefined),
    })
    .nullish(),
  database_specific: z.looseObject({ severity: z.unknown().optional() }).nullish(),
});

const recordSchema = z.object({
  id,
  modified: z.string().max(40).optional(),
  summary: z.string().max(1000).optional().catch(undefined),
  withdrawn: z
    .string()
    .max(40)
    .nullish()
    .transform((value) => value || undefined),
  aliases: list(id, 1000),
  related: list(id, 5000),
  upstream: list(id, 5000),
  severity: list(severity, 20),
  affected: list(affectedSchema, 100_000),
  database_specific: z.looseObject({ severity: z.unknown().optional() }).nullish(),
});

export type OsvRecord = z.infer<typeof recordSchema>;
export type OsvAffected = z.infer<typeof affectedSchema>;

export type OsvEventKind = 'introduced' | 'fixed' | 'last_affected' | 'limit';
export type OsvEvent = readonly [kind: OsvEventKind, version: string];

/** @throws LadingError `osv-invalid` naming the record (where it has an id) and the member that is wrong */
export function parseOsvRecord(value: unknown): OsvRecord {
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const named = z.object({ id }).safeParse(value);
  const [issue] = parsed.error.issues;
  throw new LadingError(
    'osv-invalid',
    `the OSV record ${named.success ? named.data.id : 'without id'} is wrong at ${issue?.path.join('.') || 'its root'}: ${issue?.message ?? 'unknown'}`,
    { cause: parsed.error },
  );
}

/** The events of a range as a flat list; older records put several into one object. */
export const eventsOf = (range: z.infer<typeof rangeSchema>): readonly OsvEvent[] =>
  range.events.flatMap((event) =>
    (['introduced', 'fixed', 'last_affected', 'limit'] as const).flatMap((kind): OsvEvent[] => {
      const value = event[kind];
      return value === undefined ? [] : [[kind, value]];
    }),
  );
