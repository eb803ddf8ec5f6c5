import { z } from 'zod';
import { isDigest } from '../../../../lib/core/digest.ts';
import { operation, pageOf } from '../json-service.ts';
import type { EcrBackend, EcrImage } from './backend.ts';
import {
  badToken,
  onRepository,
  paging,
  type Registries,
  repositoryInput,
  repositoryOf,
  statusFilter,
} from './calls.ts';
import { hasStatus, type StorageClasses } from './storage-classes.ts';

export const referrerOperations = (registries: Registries, classes: StorageClasses) => ({
  ListImageReferrers: operation({
    input: z.strictObject({
      ...repositoryInput,
      subjectId: z.strictObject({ imageDigest: z.string().refine(isDigest, 'is not a digest') }),
      filter: z
        .strictObject({ artifactTypes: z.array(z.string()).optional(), artifactStatus: statusFilter })
        .default({ artifactStatus: 'ACTIVE' }),
      maxResults: z.number().int().min(1).max(50).default(20),
      nextToken: paging.nextToken,
    }),
    // API reference: it is BatchGetImage that a caller needs for this.
    permissions: onRepository('BatchGetImage'),
    run: async (input, caller) => {
      const backend = repositoryOf(registries, caller, input);
      const { artifactTypes, artifactStatus } = input.filter;
      const isArchived = ({ digest }: EcrImage): boolean =>
        classes.isArchived({ region: caller.region, repository: input.repositoryName, digest });
      const all = backend
        .referrers(input.repositoryName, input.subjectId.imageDigest)
        .filter(
          (image) =>
            hasStatus(isArchived(image), artifactStatus) && (!artifactTypes || artifactTypes.includes(typeOf(image))),
        );
      const { page, next } = pageOf(all, ({ digest }) => digest, input.maxResults, input.nextToken, badToken);
      const referrers = page.map(async (image) => ({
        digest: image.digest,
        mediaType: image.mediaType,
        artifactType: typeOf(image),
        size: image.size,
        annotations: await annotationsOf(backend, input.repositoryName, image),
        artifactStatus: isArchived(image) ? 'ARCHIVED' : 'ACTIVE',
      }));
      return { referrers: await Promise.all(referrers), nextToken: next };
    },
  }),
});

const typeOf = (image: EcrImage): string => image.artifactType ?? image.artifactMediaType ?? '';

const annotated = z.object({ annotations: z.record(z.string(), z.string()).optional() });

async function annotationsOf(backend: EcrBackend, repository: string, image: EcrImage) {
  const read = await backend.getManifest(repository, image.digest);
  const manifest = read && annotated.safeParse(JSON.parse(Buffer.from(read.bytes).toString('utf8')));
  return manifest?.data?.annotations;
}
