import { z } from 'zod';

/** What can be said of an image, each in a statement of its own. */
export const statementKinds = [
  'cyclonedx',
  'spdx',
  'vulnerabilities',
  'vex',
  'tests',
  'provenance',
  'verdict',
] as const;
export type StatementKind = (typeof statementKinds)[number];

/**
 * Whose signatures count from a day on: `classic` (ECDSA, RSA, Ed25519), `both` (one of either family), `pq` (ML-DSA).
 * What is signed from that day on is signed accordingly.
 */
const algorithmRule = z.strictObject({ use: z.enum(['classic', 'both', 'pq']), from: z.iso.datetime() });

/** The setting `trust`: what is said of images, how long a verdict holds, which algorithms sign. */
export const trustConfigSchema = z.strictObject({
  /** Statements that are attached to every image for which there is something to say. None: nothing is, not even a verdict. */
  attest: z
    .array(z.enum(statementKinds))
    .max(statementKinds.length)
    .default(['cyclonedx', 'vulnerabilities', 'vex', 'tests', 'provenance', 'verdict']),
  /**
   * In which formats statements are attached: bundles first, and always; `cosign-tag` says the same under cosign's older
   * tag `.att`, for verifiers that know no bundles. Registries with immutable tags take no such tag.
   */
  attestations: z
    .array(z.enum(['cosign-bundle', 'cosign-tag']))
    .min(1)
    .max(2)
    .refine(([first, second]) => first === 'cosign-bundle' && second !== first, 'cosign-bundle comes first, once')
    .default(['cosign-bundle']),
  verdict: z
    .strictObject({
      /** Names who verified, in summaries: a URI that consumers pin together with the key. */
      verifier: z.string().min(1).max(200).default('urn:lading:gate'),
      /** So long a verdict holds without being renewed. */
      validForHours: z.number().positive().max(8760).default(720),
      /** So long before its end it is renewed. */
      renewBeforeHours: z.number().positive().max(8760).default(168),
    })
    .prefault({})
    .refine(({ validForHours, renewBeforeHours }) => renewBeforeHours < validForHours, {
      error: 'a verdict would be renewed before it was made: renewBeforeHours must be less than validForHours',
      path: ['renewBeforeHours'],
    }),
  /** The rule whose day came last holds; before the first, `classic`. */
  algorithms: z.array(algorithmRule).max(10).default([]),
  /** Images that one run of the campaign for missing signatures asks for; the next run goes on. */
  resignPerRun: z.int().min(1).max(10_000).default(200),
});
export type TrustConfig = Readonly<z.infer<typeof trustConfigSchema>>;
export type AlgorithmUse = z.infer<typeof algorithmRule>['use'];
