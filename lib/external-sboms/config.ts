import { z } from 'zod';

/** The setting `sboms`: SBOMs that others made, and what becomes of SBOMs when their image goes. */
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
  /** `keep`: SBOMs stay as evidence of what an image held. `delete`: they go with the last copy of their image. */
  whenImageGoes: z.enum(['keep', 'delete']).default('keep'),
});
export type SbomsConfig = Readonly<z.infer<typeof sbomsConfigSchema>>;
