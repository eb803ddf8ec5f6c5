import { z } from 'zod';

const glob = z.string().min(1).max(300);
const https = z.url({ protocol: /^https$/, error: 'not an https address' });

const issuer = z.strictObject({
  name: z.string().min(1).max(60),
  kind: z.enum(['github', 'gitlab']),
  /** The claim `iss`, compared letter by letter. */
  issuer: https,
  /** The claim `aud` that CI asks its token for. */
  audience: z.string().min(1).max(300),
  /** Where the issuer's keys are; its well-known place when absent. No address is ever taken out of a token. */
  keys: https.optional(),
  /** Which source repositories (as the token names them: `owner/name`) may speak of which images. The first match holds. */
  allow: z
    .array(
      z.strictObject({
        repositories: z.array(glob).min(1).max(50),
        /** Globs over `registry/repository`. */
        images: z.array(glob).min(1).max(50),
        /** Git refs that count, such as `refs/heads/main`; all when absent. */
        refs: z.array(glob).max(50).optional(),
        /**
         * As whom builds of these repositories push: globs over what the registry calls who pushed (a robot of Harbor, the
         * ARN of a role's session in ECR). Without it, the person on whose behalf a job ran, in the platform's own registry.
         */
        pushers: z.array(glob).min(1).max(50).optional(),
      }),
    )
    .min(1)
    .max(50),
});
export type CiIssuer = Readonly<z.infer<typeof issuer>>;

const signer = z.strictObject({
  name: z.string().min(1).max(100),
  pem: z.string().regex(/^-----BEGIN PUBLIC KEY-----/, 'not a PEM block that begins with BEGIN PUBLIC KEY'),
  /** Globs over `builder.id`: for which builders the key speaks (SLSA v1.0, "Verifying artifacts", step 1). */
  builders: z.array(glob).min(1).max(50),
  /** Whether they run on a platform, and not on machines of whoever builds there: without it, level 1 is the highest. */
  hosted: z.boolean().default(false),
});
export type ProvenanceSigner = Readonly<z.infer<typeof signer>>;

/** The setting `provenance`: whose word on how an image was built is taken, and what it is worth. */
export const provenanceConfigSchema = z.strictObject({
  issuers: z.array(issuer).max(10).default([]),
  /** Whose signatures make provenance that lies beside an image a verified one. */
  trustedSigners: z
    .array(signer)
    .max(50)
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'two signers have one name')
    .default([]),
  /**
   * Builders whose platform is known to isolate builds and to keep its keys from them: globs over `builder.id`. Only
   * these reach SLSA Build level 3. Level 2 is reached by hosted builders whose word is proven.
   */
  isolatedBuilders: z.array(glob).max(50).default([]),
});
export type ProvenanceConfig = Readonly<z.infer<typeof provenanceConfigSchema>>;
