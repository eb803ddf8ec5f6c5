import { z } from 'zod';
import { isRegistryHost } from '../core/image-reference.ts';

const PATH = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** Matches every repository, as in ECR's own rules. */
export const ROOT_PREFIX = 'ROOT';

const quarantineSchema = z.strictObject({
  /** `gate`: an image whose digest is new here is held until the gate has decided on it. `off`: it is served at once. */
  until: z.enum(['gate', 'off']).default('gate'),
  /** Globs over `repository` and `repository:tag`, as they are named here; what matches is never held. */
  bypass: z.array(z.string().min(1).max(300)).max(200).default([]),
  /** What a client that meets a held image is told to wait, in seconds. */
  retryAfterSeconds: z.int().min(1).max(3_600).default(15),
});

export const mirrorRuleSchema = z.strictObject({
  /** Repositories below this prefix come from the upstream; `ROOT` is all of them. */
  prefix: z.union([z.literal(ROOT_PREFIX), z.string().min(2).max(30).regex(PATH, 'not a prefix of repository names')]),
  /** A host of the setting `registries`. */
  upstream: z.string().refine(isRegistryHost, 'not a registry host'),
  /** Put before the rest of the name at the upstream. */
  upstreamPrefix: z.string().max(200).regex(PATH, 'not a prefix of repository names').optional(),
  /**
   * Where the rule holds: `everywhere` makes a rule of ECR's pull-through cache, too; `edge` is served by Lading's own
   * registry alone, for upstreams that ECR does not know.
   */
  where: z.enum(['everywhere', 'edge']).default('everywhere'),
  /** The secret that ECR logs in to the upstream with. ECR wants its name to begin with `ecr-pullthroughcache/`. */
  credentialArn: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:ecr-pullthroughcache\/[a-zA-Z0-9/_+=.@-]+$/,
      'not the ARN of a secret whose name begins with "ecr-pullthroughcache/"',
    )
    .max(612)
    .optional(),
  /** A tag is served so long before the upstream is asked what it names now, in seconds. */
  tagTtlSeconds: z.int().min(0).max(86_400).default(60),
  quarantine: quarantineSchema.prefault({}),
});
export type MirrorRule = Readonly<z.infer<typeof mirrorRuleSchema>>;

/** The setting `mirrors`. */
export const mirrorsConfigSchema = z
  .array(mirrorRuleSchema)
  .max(50)
  .superRefine((rules, context) => {
    rules.forEach(({ prefix, upstream, where, credentialArn }, i) => {
      const refuse = (key: string, message: string) => context.addIssue({ code: 'custom', path: [i, key], message });
      if (rules.findIndex((one) => one.prefix === prefix) !== i) refuse('prefix', `"${prefix}" is named twice`);
      if (where === 'edge') return;
      const known = ecrUpstream(upstream);
      if (known === undefined) {
        refuse('upstream', `ECR has no pull-through cache for "${upstream}"; with where: "edge" Lading's registry has`);
      } else if (known.needsCredentials && credentialArn === undefined) {
        refuse('credentialArn', `ECR reads ${upstream} with credentials only`);
      }
    });
  });
export type MirrorsConfig = z.infer<typeof mirrorsConfigSchema>;

interface EcrUpstream {
  /** `UpstreamRegistry` of the rule. */
  readonly name: string;
  readonly url: string;
  readonly needsCredentials: boolean;
}

const ECR_UPSTREAMS: ReadonlyMap<string, EcrUpstream> = new Map([
  ['public.ecr.aws', { name: 'ecr-public', url: 'public.ecr.aws', needsCredentials: false }],
  ['quay.io', { name: 'quay', url: 'quay.io', needsCredentials: false }],
  ['registry.k8s.io', { name: 'k8s', url: 'registry.k8s.io', needsCredentials: false }],
  ['docker.io', { name: 'docker-hub', url: 'registry-1.docker.io', needsCredentials: true }],
  ['ghcr.io', { name: 'github-container-registry', url: 'ghcr.io', needsCredentials: true }],
  ['registry.gitlab.com', { name: 'gitlab-container-registry', url: 'registry.gitlab.com', needsCredentials: true }],
]);

/** What ECR can cache (API reference, "CreatePullThroughCacheRule"), by the host as Lading names it. */
export function ecrUpstream(host: string): EcrUpstream | undefined {
  if (host === 'index.docker.io' || host === 'registry-1.docker.io') return ECR_UPSTREAMS.get('docker.io');
  if (/^[a-z0-9]{5,50}\.azurecr\.io$/.test(host)) {
    return { name: 'azure-container-registry', url: host, needsCredentials: true };
  }
  return ECR_UPSTREAMS.get(host);
}
