import {
  BatchDeleteImageCommand,
  CreateRepositoryCommand,
  type ECRClient,
  GetAuthorizationTokenCommand,
  GetDownloadUrlForLayerCommand,
  type ImageIdentifier,
  type ListImagesCommandInput,
  paginateDescribeRepositories,
  paginateListImages,
  UpdateImageStorageClassCommand,
} from '@aws-sdk/client-ecr';
import { isDigest } from '../../../core/digest.ts';
import { LadingError } from '../../../core/errors.ts';
import { type RegistryErrorCode, registryError } from '../../errors.ts';
import type { ArchivalClass, ListedImage } from '../../ports.ts';

export interface EcrAuthorization {
  /** The value of the `Authorization` header. */
  readonly header: string;
  /** Where the control plane says that images are pulled and pushed. */
  readonly endpoint: URL;
  readonly expiresAt: Date;
}

/** What ECR's own API does better than the distribution API in front of it. */
export interface EcrControl {
  authorize(): Promise<EcrAuthorization>;
  listTags(repository: string, signal?: AbortSignal): AsyncIterable<string>;
  /** Tagged and untagged. */
  listImages(repository: string, signal?: AbortSignal): AsyncIterable<ListedImage>;
  listRepositories(signal?: AbortSignal): AsyncIterable<string>;
  /** False where the image was not there. */
  deleteImage(repository: string, image: ImageIdentifier, signal?: AbortSignal): Promise<boolean>;
  readonly archivalClass: ArchivalClass;
  createRepository(repository: string): Promise<void>;
  /** A presigned address of one layer, for about an hour (API reference, "GetDownloadUrlForLayer"). */
  layerUrl(repository: string, digest: string, signal?: AbortSignal): Promise<URL>;
}

export function createEcrControl(client: ECRClient, account: string | undefined): EcrControl {
  const registry = account === undefined ? {} : { registryId: account };
  return {
    authorize: () => authorize(client),
    async *listTags(repositoryName, abortSignal) {
      const input = { ...registry, repositoryName, filter: { tagStatus: 'TAGGED' as const } };
      for await (const { imageTag } of imageIds(client, input, abortSignal)) if (imageTag !== undefined) yield imageTag;
    },
    async *listImages(repositoryName, abortSignal) {
      for await (const { imageDigest, imageTag } of imageIds(client, { ...registry, repositoryName }, abortSignal)) {
        if (isDigest(imageDigest)) yield { digest: imageDigest, ...(imageTag ? { tag: imageTag } : {}) };
      }
    },
    async *listRepositories(abortSignal) {
      try {
        for await (const page of paginateDescribeRepositories({ client, pageSize: 1_000 }, registry, { abortSignal })) {
          for (const { repositoryName } of page.repositories ?? [])
            if (repositoryName !== undefined) yield repositoryName;
        }
      } catch (error) {
        throw translate(error, 'listing repositories');
      }
    },
    async layerUrl(repositoryName, layerDigest, abortSignal) {
      try {
        const input = { ...registry, repositoryName, layerDigest };
        const { downloadUrl } = await client.send(
          new GetDownloadUrlForLayerCommand(input),
          abortSignal ? { abortSignal } : {},
        );
        return new URL(downloadUrl ?? '');
      } catch (error) {
        throw translate(error, `the address of ${layerDigest}`);
      }
    },
    archivalClass: archivalClass(client, registry),
    deleteImage: (repositoryName, image, abortSignal) =>
      deleteImage(client, { ...registry, repositoryName, imageIds: [image] }, abortSignal),
    async createRepository(repositoryName) {
      try {
        await client.send(new CreateRepositoryCommand({ ...registry, repositoryName }));
      } catch (error) {
        if (!isNamed(error, 'RepositoryAlreadyExistsException')) throw translate(error, `creating ${repositoryName}`);
      }
    },
  };
}

/** A repository that does not exist holds nothing. */
async function* imageIds(
  client: ECRClient,
  input: ListImagesCommandInput,
  abortSignal: AbortSignal | undefined,
): AsyncGenerator<ImageIdentifier> {
  try {
    for await (const page of paginateListImages({ client, pageSize: 1_000 }, input, { abortSignal })) {
      yield* page.imageIds ?? [];
    }
  } catch (error) {
    if (!isNamed(error, 'RepositoryNotFoundException')) throw translate(error, `listing ${input.repositoryName}`);
  }
}

async function authorize(client: ECRClient): Promise<EcrAuthorization> {
  const { authorizationData = [] } = await client.send(new GetAuthorizationTokenCommand({})).catch((error: unknown) => {
    throw translate(error, 'getting an authorization token');
  });
  const { authorizationToken: token, proxyEndpoint: endpoint, expiresAt } = authorizationData[0] ?? {};
  if (!token || !/^[A-Za-z0-9+/=]+$/.test(token) || !endpoint || !URL.canParse(endpoint)) {
    throw registryError('registry-protocol', 'ECR answered without a usable authorization token');
  }
  return {
    header: `Basic ${token}`,
    endpoint: new URL(endpoint),
    expiresAt: expiresAt ?? new Date(Date.now() + 60 * 60 * 1000),
  };
}

async function deleteImage(
  client: ECRClient,
  input: { readonly registryId?: string; readonly repositoryName: string; readonly imageIds: ImageIdentifier[] },
  abortSignal: AbortSignal | undefined,
): Promise<boolean> {
  const what = `deleting an image of ${input.repositoryName}`;
  try {
    const { failures = [] } = await client.send(new BatchDeleteImageCommand(input), abortSignal ? { abortSignal } : {});
    const [failure] = failures;
    if (failure === undefined) return true;
    if (failure.failureCode === 'ImageNotFound') return false;
    throw registryError('registry-refused', `${what} was refused (${failure.failureCode}: ${failure.failureReason})`, {
      ...(failure.failureCode === 'ImageReferencedByManifestList'
        ? { hint: 'delete the index that lists it first' }
        : {}),
    });
  } catch (error) {
    if (isNamed(error, 'RepositoryNotFoundException')) return false;
    throw translate(error, what);
  }
}

/** API reference, "UpdateImageStorageClass". What was archived is restored within 20 minutes (ECR user guide). */
function archivalClass(client: ECRClient, registry: { readonly registryId?: string }): ArchivalClass {
  const update = async (
    repositoryName: string,
    imageId: ImageIdentifier,
    targetStorageClass: 'ARCHIVE' | 'STANDARD',
    abortSignal: AbortSignal | undefined,
  ) => {
    try {
      const command = new UpdateImageStorageClassCommand({ ...registry, repositoryName, imageId, targetStorageClass });
      return await client.send(command, abortSignal ? { abortSignal } : {});
    } catch (error) {
      if (isNamed(error, 'ImageNotFoundException') || isNamed(error, 'RepositoryNotFoundException')) return 'unknown';
      if (isNamed(error, 'ImageStorageClassUpdateNotSupportedException')) return 'refused';
      throw translate(error, `moving an image of ${repositoryName} to ${targetStorageClass}`);
    }
  };
  return {
    async archive({ repository, digest }, call) {
      const answer = await update(repository, { imageDigest: digest }, 'ARCHIVE', call?.signal);
      return typeof answer === 'string' ? answer : 'archived';
    },
    async restore({ repository, reference }, call) {
      const id = isDigest(reference) ? { imageDigest: reference } : { imageTag: reference };
      const answer = await update(repository, id, 'STANDARD', call?.signal);
      if (answer === 'unknown') return 'unknown';
      const digest = answer === 'refused' ? reference : answer.imageId?.imageDigest;
      if (!isDigest(digest)) return 'unknown';
      // What is active already is refused, or told as active: both are what was asked for.
      const isActive = answer === 'refused' || answer.imageStatus === 'ACTIVE';
      return { digest, state: isActive ? 'active' : 'activating' };
    },
  };
}

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;

const CODES: ReadonlyMap<string, RegistryErrorCode> = new Map([
  ['AccessDeniedException', 'registry-denied'],
  ['UnrecognizedClientException', 'registry-denied'],
  ['ExpiredTokenException', 'registry-denied'],
  ['InvalidParameterException', 'registry-refused'],
  ['LimitExceededException', 'registry-refused'],
  ['RepositoryNotFoundException', 'repository-unknown'],
]);

function translate(error: unknown, what: string): unknown {
  if (error instanceof LadingError || !(error instanceof Error) || error.name === 'AbortError') return error;
  const code = CODES.get(error.name) ?? 'registry-unavailable';
  return registryError(code, `${what} failed at ECR (${error.name}: ${error.message})`, { cause: error });
}
