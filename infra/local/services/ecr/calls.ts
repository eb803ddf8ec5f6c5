import { z } from 'zod';
import { isRepositoryName } from '../../../../lib/core/image-reference.ts';
import { AwsError, type Caller } from '../json-service.ts';
import type { RequiredPermission } from '../service.ts';
import type { EcrBackend, EcrRegistry } from './backend.ts';

/** What the operations of ECR share: fields of their inputs, the repository they are about, their permissions. */

export const repositoryName = z.string().min(2).max(256).refine(isRepositoryName, 'is not a repository name');

export const repositoryInput = { registryId: z.string().optional(), repositoryName };

export const imageId = z.strictObject({ imageDigest: z.string().optional(), imageTag: z.string().optional() });
export type ImageId = z.infer<typeof imageId>;

export const imageIds = z.array(imageId).min(1).max(100);

export const statusFilter = z.enum(['ACTIVE', 'ARCHIVED', 'ACTIVATING', 'ANY']).default('ACTIVE');
export type StatusFilter = z.infer<typeof statusFilter>;

export const imageFilter = z
  .strictObject({ tagStatus: z.enum(['TAGGED', 'UNTAGGED', 'ANY']).default('ANY'), imageStatus: statusFilter })
  .default({ tagStatus: 'ANY', imageStatus: 'ACTIVE' });

export const DEFAULT_PAGE = 100;
export const paging = {
  maxResults: z.number().int().min(1).max(1000).optional(),
  nextToken: z.string().optional(),
};

export const badToken = (): AwsError =>
  new AwsError(
    'InvalidParameterException',
    "Invalid parameter at 'nextToken' failed to satisfy constraint: 'must be a token of a previous answer'",
  );

export type Registries = (region: string) => EcrRegistry | undefined;

/** @throws AwsError `RepositoryNotFoundException` for another account, as for a repository that is not there */
export function registryOf(registries: Registries, caller: Caller, registryId: string | undefined): EcrRegistry {
  const registry = registries(caller.region);
  if (registry === undefined) {
    throw new AwsError('ServerException', `The local stack has no registry in ${caller.region}.`, 500);
  }
  if (registryId !== undefined && registryId !== caller.accountId) {
    throw new AwsError('RepositoryNotFoundException', `The registry with id '${registryId}' is not of this stack.`);
  }
  return registry;
}

/** @throws AwsError `RepositoryNotFoundException` */
export function repositoryOf(
  registries: Registries,
  caller: Caller,
  input: { readonly registryId?: string | undefined; readonly repositoryName: string },
): EcrBackend {
  const { backend } = registryOf(registries, caller, input.registryId);
  if (!backend.listRepositories().some(({ name }) => name === input.repositoryName)) {
    throw repositoryNotFound(input.repositoryName, caller);
  }
  return backend;
}

export const repositoryNotFound = (name: string, { accountId }: Caller): AwsError =>
  new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${accountId}'`,
  );

export const repositoryArn = (name: string, { region, accountId }: Caller): string =>
  `arn:aws:ecr:${region}:${accountId}:repository/${name}`;

export const onRepository =
  (action: string) =>
  (input: { readonly repositoryName: string }, caller: Caller): readonly RequiredPermission[] => [
    { action: `ecr:${action}`, resource: repositoryArn(input.repositoryName, caller) },
  ];
