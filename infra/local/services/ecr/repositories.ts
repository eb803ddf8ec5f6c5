import { z } from 'zod';
import { AwsError, type Caller, epochSeconds, operation, pageOf } from '../json-service.ts';
import {
  badToken,
  DEFAULT_PAGE,
  onRepository,
  paging,
  type Registries,
  registryOf,
  repositoryArn,
  repositoryInput,
  repositoryName,
  repositoryNotFound,
} from './calls.ts';

interface Repository {
  readonly name: string;
  readonly createdAt: Date;
}

const describe = ({ name, createdAt }: Repository, caller: Caller, url: string) => ({
  repositoryArn: repositoryArn(name, caller),
  registryId: caller.accountId,
  repositoryName: name,
  repositoryUri: `${new URL(url).host}/${name}`,
  createdAt: epochSeconds(createdAt.getTime()),
  imageTagMutability: 'MUTABLE',
  imageScanningConfiguration: { scanOnPush: false },
  encryptionConfiguration: { encryptionType: 'AES256' },
});

const tag = z.strictObject({ Key: z.string(), Value: z.string().optional() });

/** What cannot be kept is refused: a repository that says IMMUTABLE and is not would be worse than none. */
const createInput = z.strictObject({
  ...repositoryInput,
  imageTagMutability: z.literal('MUTABLE').optional(),
  imageScanningConfiguration: z.strictObject({ scanOnPush: z.literal(false).optional() }).optional(),
  encryptionConfiguration: z.strictObject({ encryptionType: z.literal('AES256') }).optional(),
  tags: z.array(tag).max(0).optional(),
});

export const repositoryOperations = (registries: Registries) => ({
  DescribeRepositories: operation({
    input: z.strictObject({
      ...paging,
      registryId: z.string().optional(),
      repositoryNames: z.array(repositoryName).min(1).max(100).optional(),
    }),
    permissions: ({ repositoryNames }, caller) =>
      (repositoryNames ?? ['*']).map((name) => ({
        action: 'ecr:DescribeRepositories',
        resource: repositoryArn(name, caller),
      })),
    run: ({ registryId, repositoryNames, maxResults, nextToken }, caller) => {
      const { backend, url } = registryOf(registries, caller, registryId);
      const all = backend.listRepositories();
      if (repositoryNames) {
        const repositories = repositoryNames.map((name) => {
          const found = all.find((repository) => repository.name === name);
          if (found === undefined) throw repositoryNotFound(name, caller);
          return describe(found, caller, url);
        });
        return { repositories };
      }
      const { page, next } = pageOf(all, ({ name }) => name, maxResults ?? DEFAULT_PAGE, nextToken, badToken);
      return { repositories: page.map((repository) => describe(repository, caller, url)), nextToken: next };
    },
  }),
  CreateRepository: operation({
    input: createInput,
    permissions: onRepository('CreateRepository'),
    run: async ({ registryId, repositoryName: name }, caller) => {
      const { backend, url } = registryOf(registries, caller, registryId);
      if ((await backend.createRepository(name)) === 'exists') {
        throw new AwsError(
          'RepositoryAlreadyExistsException',
          `The repository with name '${name}' already exists in the registry with id '${caller.accountId}'`,
        );
      }
      const made = backend.listRepositories().find((repository) => repository.name === name);
      return { repository: made && describe(made, caller, url) };
    },
  }),
  DeleteRepository: operation({
    input: z.strictObject({ ...repositoryInput, force: z.boolean().default(false) }),
    permissions: onRepository('DeleteRepository'),
    run: async ({ registryId, repositoryName: name, force }, caller) => {
      const { backend, url } = registryOf(registries, caller, registryId);
      const found = backend.listRepositories().find((repository) => repository.name === name);
      const outcome = await backend.deleteRepository(name, { force });
      if (outcome === 'not-empty') {
        throw new AwsError(
          'RepositoryNotEmptyException',
          `The repository with name '${name}' in registry with id '${caller.accountId}' cannot be deleted because it still contains images`,
        );
      }
      if (outcome === 'unknown' || found === undefined) throw repositoryNotFound(name, caller);
      return { repository: describe(found, caller, url) };
    },
  }),
});
