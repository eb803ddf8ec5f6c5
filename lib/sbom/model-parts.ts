import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';

/* What of the model is also part of other documents: to load the checks of all of it takes as long as to read a layer. */

/** Who brought something: the image that this one was built on, or whoever built on it. `unknown` is no guess at either. */
export const originSchema = z.enum(['base', 'own', 'unknown']);
export type Origin = z.infer<typeof originSchema>;

/**
 * What keeps an SBOM from being whole. `limit`: a cap of the security rules was crossed. `unreadable`: bytes are
 * damaged, not what their digest says, or packed in an unknown way.
 */
export const gapSchema = z.object({
  reason: z.enum(['limit', 'unreadable']),
  code: z.string(),
  message: z.string(),
  layer: z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest').optional(),
  path: z.string().optional(),
});
export type Gap = Readonly<z.infer<typeof gapSchema>>;
