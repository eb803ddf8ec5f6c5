import { z } from 'zod';
import type { RepositoryBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, nameOf, withoutBackend } from './common.ts';

const repository = z.object({
  RepositoryName: z.string().optional(),
  ImageTagMutability: z.string().optional(),
  LifecyclePolicy: z.object({ LifecyclePolicyText: z.string().optional() }).optional(),
});

/** AWS::ECR::Repository */
export function repositoryHandler(backend: RepositoryBackend | undefined): ResourceHandler {
  return async (request) => {
    const properties = request.parse(repository);
    const { region, accountId } = request.stack;
    const name = nameOf(request, properties.RepositoryName, { maxLength: 256, lowerCase: true });
    const result = {
      ref: name,
      attributes: {
        Arn: arnOf(request, 'ecr', `repository/${name}`),
        RepositoryUri: `${accountId}.dkr.ecr.${region}.amazonaws.com/${name}`,
      },
    };
    if (backend === undefined) return withoutBackend(result, 'ecr');
    await backend.createRepository({
      name,
      region,
      accountId,
      tagMutability: properties.ImageTagMutability ?? 'MUTABLE',
      lifecyclePolicy: properties.LifecyclePolicy?.LifecyclePolicyText,
    });
    return result;
  };
}

/** AWS::ECR::RepositoryCreationTemplate */
export function repositoryTemplateHandler(backend: RepositoryBackend | undefined): ResourceHandler {
  return async (request) => {
    const { Prefix: prefix } = request.parse(z.object({ Prefix: z.string() }));
    const { region, accountId } = request.stack;
    const result = { ref: prefix };
    if (backend === undefined) return withoutBackend(result, 'ecr');
    await backend.createRepositoryTemplate({ prefix, region, accountId, properties: request.properties });
    return result;
  };
}
