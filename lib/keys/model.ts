import { z } from 'zod';
import { signatureAlgorithms } from '../signing/index.ts';

/** What a key is for. Each purpose has an alias of its own, whose target changes when the key is rotated. */
export const keyPurposes = ['signing', 'post-quantum'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

/** The public half of a key that signed something, and whether it is still trusted. */
export const keyRecordSchema = z.object({
  /** base64 of SHA-256 of the key's DER, as bundles name it. */
  keyId: z.string().min(1).max(100),
  pem: z.string().max(10_000),
  algorithm: z.enum(signatureAlgorithms),
  purpose: z.enum(keyPurposes),
  /** Where the private half is kept: the ARN in KMS. It never leaves there. */
  resource: z.string(),
  firstUsedAt: z.iso.datetime(),
  revoked: z.object({ at: z.iso.datetime(), reason: z.string().max(500) }).optional(),
});
export type KeyRecord = Readonly<z.infer<typeof keyRecordSchema>>;
