import { z } from 'zod';

/** The setting `sboms`: whether SBOMs that others made are looked for, and whose are believed. */
export const sbomsConfigSchema = z.strictObject({
  /** Whether SBOMs that lie beside an image in its registry are looked for and compared with our own. */
  discover: z.boolean().default(true),
  /** Whose signatures make an SBOM a verified one: PEM blocks of public keys, by name. */
  trustedKeys: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(100),
        pem: z.string().regex(/^-----BEGIN PUBLIC KEY-----/, 'not a PEM block that begins with BEGIN PUBLIC KEY'),
      }),
    )
    .max(50)
    .default([]),
  /** Repositories, as globs over `registry/repository`, whose SBOMs stay as evidence when their image is deleted. */
  evidence: z.array(z.string().min(1).max(300)).max(200).default([]),
});
export type SbomsConfig = Readonly<z.infer<typeof sbomsConfigSchema>>;
