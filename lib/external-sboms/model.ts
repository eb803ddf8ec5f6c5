import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';

const digestSchema = z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest');

/**
 * Where an SBOM of somebody else's was found. `buildkit`: in the image's index, as BuildKit puts it there. `attestation`:
 * in a signed statement, in a bundle or under cosign's older tag. `referrer`: attached by itself. `upload`: somebody gave
 * it to us. `task`: by a generator that we set to work.
 */
export const originSchema = z.enum(['buildkit', 'attestation', 'referrer', 'cosign-tag', 'upload', 'task']);
export type SbomOrigin = z.infer<typeof originSchema>;

/** What is known of who says so. An SBOM without signature is whoever's can push. */
export const standingSchema = z.discriminatedUnion('kind', [
  /** Signed by a key that is trusted, over a statement about this very image. */
  z.object({ kind: z.literal('verified'), by: z.string() }),
  z.object({ kind: z.literal('unsigned') }),
  /** Signed, and not by someone who is trusted, or not rightly; `reason` is that of the verification. */
  z.object({ kind: z.literal('not-verified'), reason: z.string() }),
]);
export type Standing = Readonly<z.infer<typeof standingSchema>>;

/** An SBOM of somebody else's, as it is kept beside our own. */
export const externalSbomSchema = z.object({
  schemaVersion: z.literal(1),
  /** What it is about. */
  image: digestSchema,
  /** The document as it was found. */
  document: z.object({ key: z.string(), digest: digestSchema }),
  origin: originSchema,
  /** Of the manifest that holds it. */
  manifest: digestSchema.optional(),
  standing: standingSchema,
  tool: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  format: z.string(),
  formatVersion: z.string().optional(),
  packages: z.int().nonnegative(),
  unidentified: z.int().nonnegative(),
  receivedAt: z.iso.datetime(),
  /**
   * What was told of it, and on what occasion: that it came, and how it compares with ours. Another occasion tells neither
   * again; the same one, repeated after a crash, does.
   */
  told: z
    .object({
      cause: z.string(),
      standing: z.string(),
      compared: z.object({ with: z.string(), cause: z.string() }).optional(),
    })
    .optional(),
});
export type ExternalSbom = Readonly<z.infer<typeof externalSbomSchema>>;

/** What was found and is not kept yet. */
export interface FoundSbom {
  readonly image: Digest;
  readonly content: Uint8Array;
  readonly origin: SbomOrigin;
  readonly manifest?: Digest;
  readonly standing: Standing;
  /** What the index says of the image, where it is one of an index that was looked at. */
  readonly child?: { readonly mediaType: string; readonly platform?: string };
}

/** What cannot be used, and why: it is told in the log and harms nothing. */
export interface UnusableSbom {
  readonly manifest: Digest;
  readonly why: string;
}
