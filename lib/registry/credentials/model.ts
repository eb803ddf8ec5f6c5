import { z } from 'zod';

/**
 * Where the text of a secret is kept. `variable` (of the environment) is for programs at a desk or in a CI job: what a
 * function's environment holds stands readable in the template, so infra refuses it there.
 */
export const secretSourceSchema = z.union([
  /** Name or ARN of a secret of Secrets Manager. */
  z.strictObject({ secret: z.string().min(1).max(2048) }),
  /** Name or ARN of a parameter of the Parameter Store; a SecureString is decrypted. */
  z.strictObject({ parameter: z.string().min(1).max(2048) }),
  z.strictObject({ variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'not the name of a variable') }),
]);
export type SecretSource = Readonly<z.infer<typeof secretSourceSchema>>;

/** Where a workload finds the OIDC token that says who it is. */
export const workloadTokenSchema = z.union([
  /** Kubernetes projects one into a file. */
  z.strictObject({ file: z.string().min(1).max(4096) }),
  /** GitLab's `id_tokens`. */
  z.strictObject({ variable: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'not the name of a variable') }),
  /** A job of GitHub Actions with the permission `id-token: write` asks for one of this audience. */
  z.strictObject({ githubAudience: z.string().min(1).max(255) }),
]);
export type WorkloadToken = Readonly<z.infer<typeof workloadTokenSchema>>;

/** A role that is taken before AWS is spoken to: of another account, or by a workload outside of AWS with its token. */
export const awsRoleSchema = z.strictObject({
  arn: z.string().regex(/^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]{1,512}$/, 'not the ARN of a role'),
  /** What the other account asks for, so that nobody can have us use its role by naming it (IAM user guide). */
  externalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/, 'not an external id')
    .optional(),
  /** With it, `AssumeRoleWithWebIdentity`, which needs no AWS credentials; without it, `AssumeRole` with our own. */
  token: workloadTokenSchema.optional(),
});
export type AwsRole = Readonly<z.infer<typeof awsRoleSchema>>;

/**
 * What a bare token in a source is, which settles the user name that goes with it:
 *
 * - `github`: a personal access token or GITHUB_TOKEN
 * - `gitlab-job`: CI_JOB_TOKEN
 * - `google-access`: an access token; `google-key`: the JSON of a service account's key, sent as it is
 * - `quay-oauth`: an OAuth token of an application
 * - `identity`: a refresh token, to be exchanged at the realm (what `docker login` calls an identity token)
 * - `bearer`: sent as it is to the registry
 */
export const tokenKinds = [
  'github',
  'gitlab-job',
  'google-access',
  'google-key',
  'quay-oauth',
  'identity',
  'bearer',
] as const;
export type TokenKind = (typeof tokenKinds)[number];

const https = z.url({ protocol: /^https$/ });
const tenant = z.string().regex(/^[A-Za-z0-9.-]{1,100}$/, 'neither the id nor the domain of a tenant');

/** How a registry is to be convinced: a secret as it is kept, or one that is exchanged for a token that soon ends. */
export const credentialsSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('anonymous') }),
  z.strictObject({ kind: z.literal('basic'), username: z.string().min(1), password: z.string().min(1) }),
  z.strictObject({ kind: z.literal('bearer'), token: z.string().min(1) }),
  /** A secret of Secrets Manager that holds JSON; the short form of `stored`. */
  z.strictObject({ kind: z.literal('secret'), secret: z.string().min(1).max(2048) }),
  /** What a source holds: JSON, or a bare password (with `username`) or token (with `token`). See parse-secret.ts. */
  z
    .strictObject({
      kind: z.literal('stored'),
      from: secretSourceSchema,
      username: z.string().min(1).max(255).optional(),
      token: z.enum(tokenKinds).optional(),
    })
    .refine(({ username, token }) => username === undefined || token === undefined, 'either username or token'),
  /** What `docker login` left on this machine. */
  z.strictObject({ kind: z.literal('docker-config') }),
  /** A GitHub App's private key, exchanged for an installation's token of one hour. */
  z.strictObject({
    kind: z.literal('github-app'),
    appId: z.string().regex(/^[A-Za-z0-9.]{1,64}$/, 'neither an app id nor a client id'),
    installationId: z.string().regex(/^\d{1,20}$/, 'not the id of an installation'),
    key: secretSourceSchema,
    /** Of a GitHub Enterprise Server: `https://host/api/v3`. */
    api: https.optional(),
  }),
  /** The JSON key of a service account, exchanged for an access token of one hour. */
  z.strictObject({ kind: z.literal('google-service-account'), key: secretSourceSchema }),
  /** Our AWS role, or a workload's OIDC token, exchanged for an access token without any key that could leak. */
  z.strictObject({
    kind: z.literal('google-federation'),
    audience: z
      .string()
      .regex(
        /^\/\/iam\.googleapis\.com\/projects\/\d+\/locations\/global\/workloadIdentityPools\/[\w-]+\/providers\/[\w-]+$/,
        'not //iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
      ),
    /** Impersonated, if given; else the federated identity itself must have the rights. */
    serviceAccount: z
      .string()
      .regex(/^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/, 'not the address of a service account')
      .optional(),
    /** Without it, the AWS role that we run as. */
    token: workloadTokenSchema.optional(),
  }),
  /** An Entra application, by its secret or a workload's OIDC token, exchanged for a refresh token of the registry. */
  z
    .strictObject({
      kind: z.literal('acr'),
      tenant,
      clientId: z.string().regex(/^[0-9a-fA-F-]{36}$/, 'not the id of an application'),
      secret: secretSourceSchema.optional(),
      token: workloadTokenSchema.optional(),
      /** Of a national cloud. */
      authority: https.optional(),
    })
    .refine(({ secret, token }) => (secret === undefined) !== (token === undefined), 'either secret or token'),
  /** ECR's public gallery, with our own AWS credentials or those of a role. */
  z.strictObject({ kind: z.literal('ecr-public'), role: awsRoleSchema.optional() }),
]);
export type CredentialsConfig = Readonly<z.infer<typeof credentialsSchema>>;

/** Where the registry's API answers: scheme and host. @default where the registry itself does */
const api = z.url({ protocol: /^https?$/ }).optional();

/** How a registry mints new credentials. The secret is that of an administrator and is read by the rotation only. */
const issuerSchema = z.discriminatedUnion('kind', [
  /** Two robots with equal rights, of which the one that is not in use gets a new secret. */
  z.strictObject({
    kind: z.literal('harbor'),
    admin: secretSourceSchema,
    api,
    robots: z.tuple([z.int().positive(), z.int().positive()]).refine(([a, b]) => a !== b, 'two different robots'),
  }),
  z.strictObject({
    kind: z.literal('quay'),
    admin: secretSourceSchema,
    api,
    organization: z.string().regex(/^[a-z0-9][a-z0-9_.-]{0,254}$/, 'not the name of an organization'),
    robots: z
      .tuple([z.string().regex(/^[a-z0-9_-]{1,254}$/), z.string().regex(/^[a-z0-9_-]{1,254}$/)])
      .refine(([a, b]) => a !== b, 'two different robots'),
  }),
  /** Tokens that stand beside each other; the old one is revoked. */
  z.strictObject({
    kind: z.literal('artifactory'),
    admin: secretSourceSchema,
    api,
    username: z.string().min(1).max(255),
    scope: z.string().min(1).max(500).default('applied-permissions/user'),
    days: z.int().min(2).max(365).default(60),
  }),
  z.strictObject({
    kind: z.literal('gitlab'),
    admin: secretSourceSchema,
    /** Mostly another host than the registry's. */
    api,
    owner: z.union([
      z.strictObject({ project: z.string().min(1).max(255) }),
      z.strictObject({ group: z.string().min(1).max(255) }),
    ]),
    scopes: z
      .array(z.enum(['read_registry', 'write_registry']))
      .min(1)
      .default(['read_registry']),
    days: z.int().min(2).max(365).default(60),
  }),
]);
export type IssuerConfig = Readonly<z.infer<typeof issuerSchema>>;

const rotationFields = z.strictObject({
  issuer: issuerSchema,
  /** Age in days at which the credentials are replaced. */
  everyDays: z.int().min(1).max(365).default(30),
  /** Hours for which the old ones hold beside the new: longer than anyone keeps them, and than a long upload. */
  overlapHours: z.number().min(1).max(720).default(12),
});

export const rotationSchema = rotationFields.superRefine(({ issuer, everyDays, overlapHours }, context) => {
  const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message });
  if (overlapHours >= everyDays * 24) refuse(['overlapHours'], 'the old credentials must end before the next come');
  // A run that fails is tried again on the days that are left.
  if ('days' in issuer && issuer.days * 24 < everyDays * 24 + overlapHours + 24) {
    refuse(['issuer', 'days'], 'the tokens end before they are replaced: more than everyDays and a day of reserve');
  }
});
export type RotationConfig = Readonly<z.infer<typeof rotationSchema>>;

/** Every source that credentials are read from: what a function must be allowed to read, and no more. */
export function secretsOf(credentials: CredentialsConfig): readonly SecretSource[] {
  switch (credentials.kind) {
    case 'secret':
      return [{ secret: credentials.secret }];
    case 'stored':
      return [credentials.from];
    case 'github-app':
    case 'google-service-account':
      return [credentials.key];
    case 'acr':
      return credentials.secret === undefined ? [] : [credentials.secret];
    default:
      return [];
  }
}

/** What there is on a desk or in a CI job and not in a deployed function; undefined where nothing of it is asked for. */
export function localOnly(credentials: CredentialsConfig): string | undefined {
  if (credentials.kind === 'docker-config') return 'the logins of a machine';
  if (secretsOf(credentials).some((source) => 'variable' in source)) return 'a variable of the environment';
  const token = 'token' in credentials ? credentials.token : undefined;
  const role = 'role' in credentials ? credentials.role : undefined;
  return typeof token === 'object' || role?.token ? 'the OIDC token of a workload outside of AWS' : undefined;
}
