import { z } from 'zod';
import { type Caller, operation } from '../json-service.ts';
import type { EcrBackend, EcrImage } from './backend.ts';
import { type ImageId, imageIds, onRepository, type Registries, repositoryInput, repositoryOf } from './calls.ts';
import { type Failure, findImage } from './images.ts';

type Outcome = { readonly deleted: readonly ImageId[] } | { readonly failure: Failure };

/**
 * By digest an image goes with all its tags. By tag only the tag goes, but the last tag takes the image with it; where
 * an index still needs that image, the tag stays too (API reference, BatchDeleteImage).
 */
async function deleteOne(backend: EcrBackend, repository: string, id: ImageId): Promise<Outcome> {
  const found = findImage(backend, repository, id);
  if ('failure' in found) return found;
  const { image } = found;
  const notFound: Outcome = {
    failure: { imageId: id, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' },
  };
  if (id.imageTag !== undefined && image.tags.length > 1) {
    const { outcome } = await backend.deleteTag(repository, id.imageTag);
    return outcome === 'deleted' ? { deleted: [{ imageDigest: image.digest, imageTag: id.imageTag }] } : notFound;
  }
  const result = await backend.deleteManifest(repository, image.digest);
  switch (result.outcome) {
    case 'deleted':
      return { deleted: namesOf(image) };
    case 'unknown':
      return notFound;
    case 'referenced':
      return {
        failure: {
          imageId: { ...id, imageDigest: image.digest },
          failureCode: 'ImageReferencedByManifestList',
          failureReason: `Requested image referenced by manifest list: [${result.by}]`,
        },
      };
  }
}

const namesOf = ({ digest, tags }: EcrImage): readonly ImageId[] =>
  tags.length === 0 ? [{ imageDigest: digest }] : tags.map((imageTag) => ({ imageDigest: digest, imageTag }));

export const deleteOperations = (registries: Registries) => ({
  BatchDeleteImage: operation({
    input: z.strictObject({ ...repositoryInput, imageIds }),
    permissions: onRepository('BatchDeleteImage'),
    run: async (input, caller: Caller) => {
      const backend = repositoryOf(registries, caller, input);
      const deleted: ImageId[] = [];
      const failures: Failure[] = [];
      // In the order of the request: a child whose index comes later is still needed when its turn comes.
      for (const id of input.imageIds) {
        const outcome = await deleteOne(backend, input.repositoryName, id);
        if ('failure' in outcome) failures.push(outcome.failure);
        else deleted.push(...outcome.deleted);
      }
      return { imageIds: deleted, failures };
    },
  }),
});
