import { z } from 'zod';
import { type Digest, isDigest } from '../../../lib/core/digest.ts';
import { isRepositoryName, isTag } from '../../../lib/core/image-reference.ts';

const digest = z.custom<Digest>(isDigest);
const repository = z.string().refine(isRepositoryName);
const tag = z.string().refine(isTag);
const time = z.number();
const reference = z
  .object({ digest, size: z.number(), optional: z.literal(true).optional() })
  .transform(({ optional, ...rest }) => (optional ? { ...rest, optional } : rest));

const manifest = z
  .object({
    mediaType: z.string(),
    size: z.number(),
    artifactType: z.string().optional(),
    configMediaType: z.string().optional(),
    subject: digest.optional(),
    blobs: z.array(reference),
    children: z.array(reference),
  })
  .transform(({ artifactType, configMediaType, subject, ...rest }) => ({
    ...rest,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(configMediaType === undefined ? {} : { configMediaType }),
    ...(subject === undefined ? {} : { subject }),
  }));

/** One line of the journal: a change that is whole or did not happen. Times are milliseconds since 1970. */
export const registryRecord = z.discriminatedUnion('type', [
  z.object({ type: z.literal('repository'), repository, at: time }),
  z.object({ type: z.literal('repository-deleted'), repository }),
  z.object({ type: z.literal('blob'), repository, digest, size: z.number(), at: time }),
  z.object({ type: z.literal('blobs-deleted'), repository, digests: z.array(digest) }),
  z.object({ type: z.literal('manifest'), repository, digest, manifest, tags: z.array(tag), at: time }),
  z.object({ type: z.literal('manifest-deleted'), repository, digest }),
  z.object({ type: z.literal('tag'), repository, tag, digest, at: time }),
  z.object({ type: z.literal('tag-deleted'), repository, tag }),
]);
export type RegistryRecord = z.infer<typeof registryRecord>;
