import { z } from 'zod';

/** From worst to least; `unknown` stands last because nothing is known of it, not because it is harmless. */
export const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
const thresholdSchema = z.enum([...severities, 'never']);

/** One finding that is accepted until a day. Without an end and a reason nobody would ever look at it again. */
const exceptionSchema = z.strictObject({
  /** Id of the advisory, or one of its aliases. */
  id: z.string().min(1).max(100),
  /** Only in the package of this name; in every package when absent. */
  package: z.string().min(1).max(200).optional(),
  reason: z.string().min(1).max(500),
  until: z.iso.datetime(),
});

/** Which scanners' findings decide. Those of the others are shown, and hold no image back. */
const votesSchema = z.strictObject({
  /** `lading` is Lading's own matching; the others are named as in their reports (`trivy`, `inspector`, …). */
  count: z.array(z.string().min(1).max(120)).min(1).max(20).default(['lading']),
  /** Of those that spoke of the image, how many must have a finding so that it counts. */
  rule: z.enum(['any', 'majority', 'all']).default('any'),
  /** What becomes of an image on which one that counts has not reported. */
  missing: z.enum(['ignore', 'warn', 'quarantine', 'deny']).default('warn'),
});

const issuerSchema = z.strictObject({
  name: z.string().min(1).max(100),
  /** PEM. */
  publicKey: z.string().includes('-----BEGIN PUBLIC KEY-----').max(8_000),
  /** Globs over `registry/repository` for whose images they may speak. */
  repositories: z.array(z.string().min(1).max(400)).min(1).max(100).default(['**']),
});

/** The setting `policy`: when an image may run. */
export const policyConfigSchema = z.strictObject({
  name: z.string().min(1).max(100).default('default'),
  /** A finding of this severity or worse denies; `never`: none does. */
  denyAt: thresholdSchema.default('critical'),
  /** A finding of this severity or worse is named as a warning. */
  warnAt: thresholdSchema.default('high'),
  /** Only findings that a newer version of the package would mend hold an image back; the others warn. */
  onlyFixable: z.boolean().default(false),
  /** What becomes of an image with findings that no source rates. */
  unrated: z.enum(['ignore', 'warn', 'quarantine', 'deny']).default('warn'),
  /** What becomes of an image that could not be read whole: what was not read is not clean. */
  incomplete: z.enum(['allow', 'quarantine', 'deny']).default('quarantine'),
  /** What becomes of an image for some of whose packages there are no advisories, or whose versions cannot be compared. */
  uncovered: z.enum(['ignore', 'warn', 'quarantine', 'deny']).default('warn'),
  exceptions: z.array(exceptionSchema).max(200).default([]),
  /** VEX that settles a finding (not affected, fixed) is gone by, or only shown. */
  vex: z.enum(['settle', 'show']).default('settle'),
  /** Whose VEX attestations beside images are gone by; unsigned ones, and those of others, are as if they were not there. */
  vexIssuers: z.array(issuerSchema).max(20).default([]),
  /** What VEX says of an image holds for the next ones of its repository, where the package stayed the very same. */
  carryOver: z.boolean().default(true),
  votes: votesSchema.prefault({}),
});
export type PolicyConfig = Readonly<z.infer<typeof policyConfigSchema>>;
export type PolicyException = Readonly<z.infer<typeof exceptionSchema>>;
