import { z } from 'zod';
import type { Clock } from '../../../../lib/core/clock.ts';
import { AwsError, type Caller, operation } from '../json-service.ts';
import { imageId, onRepository, type Registries, repositoryInput, repositoryOf } from './calls.ts';
import { findImage } from './images.ts';
import type { StorageClassChange, StorageClasses } from './storage-classes.ts';

/** API reference, "UpdateImageStorageClass". */
export const storageClassOperations = (
  registries: Registries,
  classes: StorageClasses,
  tell: (change: StorageClassChange) => void,
  clock: Clock,
) => ({
  UpdateImageStorageClass: operation({
    input: z.strictObject({ ...repositoryInput, imageId, targetStorageClass: z.enum(['STANDARD', 'ARCHIVE']) }),
    permissions: onRepository('UpdateImageStorageClass'),
    run: async ({ repositoryName: repository, imageId: id, targetStorageClass: to }, caller: Caller) => {
      const backend = repositoryOf(registries, caller, { repositoryName: repository });
      const found = findImage(backend, repository, id);
      if ('failure' in found) {
        throw new AwsError('ImageNotFoundException', `The image does not exist within the repository '${repository}'`);
      }
      const { image } = found;
      const { region } = caller;
      // What refers to an image follows it, within a day (ECR user guide, "Archiving an image").
      for (const one of [image, ...backend.referrers(repository, image.digest)]) {
        const at = { region, repository, digest: one.digest };
        if (classes.isArchived(at) === (to === 'ARCHIVE')) continue;
        await classes.set(at, to);
        tell({ region, repository, image: one, to, time: clock.now() });
      }
      return {
        registryId: caller.accountId,
        repositoryName: repository,
        imageId: { ...id, imageDigest: image.digest },
        imageStatus: to === 'ARCHIVE' ? 'ARCHIVED' : 'ACTIVE',
      };
    },
  }),
});
