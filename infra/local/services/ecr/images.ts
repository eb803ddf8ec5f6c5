import { z } from 'zod';
import { isDigest } from '../../../../lib/core/digest.ts';
import { isTag } from '../../../../lib/core/image-reference.ts';
import { AwsError, type Caller, epochSeconds, operation, pageOf } from '../json-service.ts';
import type { EcrBackend, EcrImage } from './backend.ts';
import {
  badToken,
  DEFAULT_PAGE,
  type ImageId,
  imageFilter,
  imageIds,
  onRepository,
  paging,
  type Registries,
  repositoryInput,
  repositoryOf,
} from './calls.ts';

import { hasStatus, type StorageClasses } from './storage-classes.ts';

/** A failure of one image of a batch; the others go on. */
export interface Failure {
  readonly imageId: ImageId;
  readonly failureCode: string;
  readonly failureReason: string;
}

export type Found = { readonly image: EcrImage } | { readonly failure: Failure };

/** Finds an image by digest, by tag, or by both, which then have to agree. */
export function findImage(backend: EcrBackend, repository: string, id: ImageId): Found {
  const failure = (failureCode: string, failureReason: string): Found => ({
    failure: { imageId: id, failureCode, failureReason },
  });
  const { imageDigest, imageTag } = id;
  if (imageDigest !== undefined && !isDigest(imageDigest)) {
    return failure(
      'InvalidImageDigest',
      'Invalid request parameters: image digest should satisfy the form algorithm:hex',
    );
  }
  if (imageTag !== undefined && !isTag(imageTag)) {
    return failure('InvalidImageTag', 'Invalid request parameters: image tag should satisfy the form of a tag');
  }
  const reference = imageTag ?? imageDigest;
  if (reference === undefined) {
    return failure('MissingDigestAndTag', 'Invalid request parameters: both tag and digest cannot be null');
  }
  const image = backend.findManifest(repository, reference);
  if (image === undefined) return failure('ImageNotFound', 'Requested image not found');
  if (imageDigest !== undefined && image.digest !== imageDigest) {
    return failure('ImageTagDoesNotMatchDigest', 'Requested image tag does not match the requested digest');
  }
  return { image };
}

const isTagged = ({ tags }: EcrImage): boolean => tags.length > 0;

interface Where {
  readonly backend: EcrBackend;
  readonly repository: string;
  readonly caller: Caller;
  readonly classes: StorageClasses;
}

const placeOf = ({ repository, caller: { region } }: Where, { digest }: EcrImage) => ({ region, repository, digest });

function matching(at: Where, { tagStatus, imageStatus }: z.infer<typeof imageFilter>): readonly EcrImage[] {
  return at.backend
    .listManifests(at.repository)
    .filter((image) => tagStatus === 'ANY' || isTagged(image) === (tagStatus === 'TAGGED'))
    .filter((image) => hasStatus(at.classes.isArchived(placeOf(at, image)), imageStatus));
}

/** Configuration and layers; of an index, the largest of its images that are here (API reference, ImageDetail). */
function sizeOf(backend: EcrBackend, repository: string, image: EcrImage, depth = 0): number {
  if (image.children.length === 0) return image.blobs.reduce((sum, { size }) => sum + size, 0);
  const sizes = image.children.map(({ digest }) => {
    const child = depth < 3 ? backend.findManifest(repository, digest) : undefined;
    return child ? sizeOf(backend, repository, child, depth + 1) : 0;
  });
  return Math.max(0, ...sizes);
}

function detail(at: Where, image: EcrImage) {
  const { backend, repository, caller, classes } = at;
  const { archivedAt, activatedAt } = classes.timesOf(placeOf(at, image));
  return {
    registryId: caller.accountId,
    repositoryName: repository,
    imageDigest: image.digest,
    ...(isTagged(image) ? { imageTags: image.tags } : {}),
    imageSizeInBytes: sizeOf(backend, repository, image),
    imagePushedAt: epochSeconds(image.pushedAt.getTime()),
    imageManifestMediaType: image.mediaType,
    ...(image.artifactMediaType === undefined ? {} : { artifactMediaType: image.artifactMediaType }),
    ...(image.subject === undefined ? {} : { subjectManifestDigest: image.subject }),
    imageStatus: classes.isArchived(placeOf(at, image)) ? 'ARCHIVED' : 'ACTIVE',
    ...(archivedAt === undefined ? {} : { lastArchivedAt: epochSeconds(archivedAt) }),
    ...(activatedAt === undefined ? {} : { lastActivatedAt: epochSeconds(activatedAt) }),
  };
}

export const imageOperations = (registries: Registries, classes: StorageClasses) => ({
  ListImages: operation({
    input: z.strictObject({ ...repositoryInput, ...paging, filter: imageFilter }),
    permissions: onRepository('ListImages'),
    run: (input, caller) => {
      const backend = repositoryOf(registries, caller, input);
      const at = { backend, repository: input.repositoryName, caller, classes };
      const ids = matching(at, input.filter).flatMap((image): readonly ImageId[] =>
        isTagged(image)
          ? image.tags.map((imageTag) => ({ imageDigest: image.digest, imageTag }))
          : [{ imageDigest: image.digest }],
      );
      const name = ({ imageDigest = '', imageTag = '' }: ImageId): string => `${imageDigest} ${imageTag}`;
      const { page, next } = pageOf(ids, name, input.maxResults ?? DEFAULT_PAGE, input.nextToken, badToken);
      return { imageIds: page, nextToken: next };
    },
  }),
  DescribeImages: operation({
    input: z.strictObject({
      ...repositoryInput,
      ...paging,
      filter: imageFilter,
      imageIds: imageIds.optional(),
    }),
    permissions: onRepository('DescribeImages'),
    run: (input, caller) => {
      const backend = repositoryOf(registries, caller, input);
      const repository = input.repositoryName;
      const at = { backend, repository, caller, classes };
      if (input.imageIds) {
        if (input.nextToken !== undefined || input.maxResults !== undefined) {
          throw new AwsError('InvalidParameterException', 'Invalid parameter: imageIds cannot be combined with paging');
        }
        const images = input.imageIds.map((id) => {
          const found = findImage(backend, repository, id);
          if ('image' in found) return found.image;
          throw new AwsError(
            found.failure.failureCode === 'ImageNotFound' ? 'ImageNotFoundException' : 'InvalidParameterException',
            `The image with imageId {imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'} does not exist within the repository with name '${repository}' in the registry with id '${caller.accountId}'`,
          );
        });
        return { imageDetails: images.map((image) => detail(at, image)) };
      }
      const all = matching(at, input.filter);
      const { page, next } = pageOf(
        all,
        ({ digest }) => digest,
        input.maxResults ?? DEFAULT_PAGE,
        input.nextToken,
        badToken,
      );
      return { imageDetails: page.map((image) => detail(at, image)), nextToken: next };
    },
  }),
  BatchGetImage: operation({
    input: z.strictObject({ ...repositoryInput, imageIds, acceptedMediaTypes: z.array(z.string()).optional() }),
    permissions: onRepository('BatchGetImage'),
    run: async (input, caller) => {
      const backend = repositoryOf(registries, caller, input);
      const repository = input.repositoryName;
      const images: unknown[] = [];
      const failures: Failure[] = [];
      for (const id of input.imageIds) {
        const found = findImage(backend, repository, id);
        const at = { backend, repository, caller, classes };
        // What is archived cannot be read: a pull of it finds nothing (user guide, "Archiving an image").
        const isThere = 'image' in found && !classes.isArchived(placeOf(at, found.image));
        const read = isThere ? await backend.getManifest(repository, found.image.digest) : undefined;
        const accepted =
          read && (!input.acceptedMediaTypes?.length || input.acceptedMediaTypes.includes(read.manifest.mediaType));
        if (read && accepted) {
          images.push({
            registryId: caller.accountId,
            repositoryName: repository,
            imageId: { ...id, imageDigest: read.manifest.digest },
            imageManifest: Buffer.from(read.bytes).toString('utf8'),
            imageManifestMediaType: read.manifest.mediaType,
          });
        } else if ('failure' in found) failures.push(found.failure);
        else failures.push({ imageId: id, failureCode: 'ImageNotFound', failureReason: 'Requested image not found' });
      }
      return { images, failures };
    },
  }),
});
