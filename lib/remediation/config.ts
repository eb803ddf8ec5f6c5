import { z } from 'zod';

const host = z.string().regex(/^(?:\*\.)?[a-z0-9.-]{1,253}$/, 'not a host name, such as "ci.example" or "*.example"');
const https = z.url({ protocol: /^https$/, error: 'not an https address' });
/** Name of the token in the secret `integrations`, a JSON object of names and texts. */
const token = z.string().regex(/^[a-z0-9-]{1,60}$/, 'not a name of lower-case letters, digits and -');

/** How a build is asked for. */
export const actionSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('github'),
    /** `owner/name`: it gets a `repository_dispatch`. */
    repository: z.string().regex(/^[A-Za-z0-9-]{1,39}\/[A-Za-z0-9._-]{1,100}$/, 'not owner/name'),
    eventType: z.string().min(1).max(100).default('lading-remediation'),
    url: https.default('https://api.github.com'),
    token,
  }),
  z.strictObject({
    kind: z.literal('gitlab'),
    url: https.default('https://gitlab.com'),
    /** Number of the project, or its path. */
    project: z.string().min(1).max(255),
    ref: z.string().min(1).max(255).default('main'),
    token,
  }),
  z.strictObject({
    kind: z.literal('jenkins'),
    url: https,
    job: z.string().regex(/^[A-Za-z0-9 ._-]+(?:\/[A-Za-z0-9 ._-]+)*$/, 'not the name of a job'),
    user: z.string().min(1).max(100),
    token,
  }),
  z.strictObject({
    kind: z.literal('codebuild'),
    /** Of this account; the function may start this one and no other. */
    project: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{1,149}$/, 'not the name of a project of CodeBuild'),
    region: z.string().regex(/^[a-z]{2,3}(?:-[a-z0-9]+)+-\d$/, 'not a region'),
    /** A branch, tag or commit instead of the project's own. */
    sourceVersion: z.string().min(1).max(200).optional(),
    /** Variables of the build, beside those that tell of the plan (`LADING_IMAGE`, `LADING_CAUSE` …). */
    environment: z
      .record(z.string().regex(/^(?!CODEBUILD_|LADING_)[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.string().max(500))
      .refine((variables) => Object.keys(variables).length <= 10, 'over ten variables')
      .default({}),
  }),
  /** A POST of the plan as JSON, signed as notifications are. */
  z.strictObject({ kind: z.literal('webhook'), url: https, token }),
  /** Puts a tag on the image that says what is wrong with it; nothing is built. */
  z.strictObject({
    kind: z.literal('quarantine-tag'),
    tag: z
      .string()
      .regex(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,100}$/)
      .default('quarantine'),
  }),
]);
export type RemediationAction = Readonly<z.infer<typeof actionSchema>>;

/** The setting `remediation`: what is done about findings that can be cleared. */
export const remediationConfigSchema = z.strictObject({
  /** Plans are made and told; nothing is asked for until this is turned off. */
  dryRun: z.boolean().default(true),
  /** Less than this is left alone: a critical finding counts 100, a high one 30, a medium one 5, a low one 1. */
  minimumWorth: z.number().nonnegative().default(30),
  /** Only these hosts are ever called; a leading `*.` stands for any subdomain. */
  allowHosts: z.array(host).max(50).default(['api.github.com', 'gitlab.com']),
  rules: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(60),
        /** Globs over `registry/repository`. */
        repositories: z.array(z.string().min(1).max(400)).min(1).max(100),
        actions: z.array(actionSchema).min(1).max(5),
      }),
    )
    .max(50)
    .default([]),
});
export type RemediationConfig = Readonly<z.infer<typeof remediationConfigSchema>>;
