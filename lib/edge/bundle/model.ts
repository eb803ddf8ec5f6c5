import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { isRepositoryName, isTag } from '../../core/image-reference.ts';
import { type Descriptor, descriptorSchema } from '../../formats/oci/index.ts';

/** A manifest or blob. */
export type BundlePart = Pick<Descriptor, 'digest' | 'size' | 'mediaType'>;

/** An image as a site is to hold it: what the desired state says of it, or a person who names it. */
export interface BundleImage {
  readonly repository: string;
  readonly digest: Digest;
  readonly tags: readonly string[];
  /** The closed graph: the image itself, its children, everything that refers to them, and all their blobs. */
  readonly parts: readonly BundlePart[];
}

/** A signed desired state: its envelope as it was fetched, and what it says. */
export interface DesiredContents {
  readonly site: string;
  readonly generation: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The DSSE envelope, byte for byte. */
  readonly envelope: Uint8Array;
  readonly images: readonly BundleImage[];
}

/** One of cosign's older tags, which name what a manifest belongs to and are said by no other document. */
export interface AttachedTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: Digest;
}

const digestSchema = descriptorSchema.shape.digest;
const partSchema = descriptorSchema.pick({ digest: true, size: true, mediaType: true });
const repositorySchema = z.string().refine(isRepositoryName, 'not a repository name');
const tagSchema = z.string().refine(isTag, 'not a tag');

/** `lading/contents.json`: what is in the bundle, in the order of the archive. */
export const contentsSchema = z.strictObject({
  version: z.literal(1),
  /** Without a signed desired state: the images that somebody named. */
  images: z
    .array(
      z.strictObject({
        repository: repositorySchema,
        digest: digestSchema,
        tags: z.array(tagSchema).max(10_000),
        parts: z.array(partSchema).max(100_000),
      }),
    )
    .max(100_000)
    .optional(),
  attached: z
    .array(z.strictObject({ repository: repositorySchema, tag: tagSchema, digest: digestSchema }))
    .max(100_000),
  parts: z.array(partSchema).max(1_000_000),
});
export type BundleContents = Readonly<z.infer<typeof contentsSchema>>;

export type BundleFault =
  /** It ends before it should, or a volume of it is absent. */
  | 'bundle-truncated'
  /** A part is not what its digest or the list of contents says. */
  | 'bundle-damaged'
  /** It is no bundle, or one of another version. */
  | 'bundle-invalid'
  /** It holds what the desired state does not name. */
  | 'bundle-foreign-content'
  /** It is for another site. */
  | 'bundle-foreign-site'
  /** The site has seen a later desired state. */
  | 'bundle-rolled-back'
  /** Its desired state is in force no longer. */
  | 'bundle-expired'
  /** It has no signed desired state. */
  | 'bundle-unsigned'
  /** What it counts on the site to hold is not there. */
  | 'bundle-base-missing'
  /** The site has no place for one of its repositories. */
  | 'bundle-misplaced'
  /** The file that is to be written is there and is something else. */
  | 'bundle-file-exists'
  /** The source lacks what the images name. */
  | 'bundle-source-incomplete';

export const bundleError = (
  code: BundleFault,
  message: string,
  options: { readonly cause?: unknown; readonly hint?: string } = {},
): LadingError => new LadingError(code, message, options);
