import { basename } from 'node:path';
import { z } from 'zod';
import type { TaskBackend } from '../backends.ts';
import type { ResourceHandler } from '../provision.ts';
import { arnOf, nameOf, withoutBackend } from './common.ts';

const cluster = z.object({ ClusterName: z.string().optional() });

/** AWS::ECS::Cluster: a name, as tasks run on this machine. */
export const clusterHandler: ResourceHandler = (request) => {
  const name = nameOf(request, request.parse(cluster).ClusterName, { maxLength: 255 });
  return { ref: name, attributes: { Arn: arnOf(request, 'ecs', `cluster/${name}`) } };
};

const container = z.object({
  Name: z.string(),
  EntryPoint: z.array(z.string()).min(1),
  WorkingDirectory: z.string().optional(),
  Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  Secrets: z.array(z.object({ Name: z.string() })).default([]),
  MountPoints: z.array(z.object({ ContainerPath: z.string() })).default([]),
});
const definition = z.object({
  Family: z.string().optional(),
  ExecutionRoleArn: z.string().optional(),
  TaskRoleArn: z.string(),
  /** In the order in which they depend on each other, as they are written. */
  ContainerDefinitions: z.array(container).min(1),
});

/** AWS::ECS::TaskDefinition. Its revision is always 1: the template is provisioned anew at each start. */
export function taskDefinitionHandler(backend: TaskBackend | undefined): ResourceHandler {
  return (request) => {
    const properties = request.parse(definition);
    const family = nameOf(request, properties.Family, { maxLength: 255 });
    const arn = arnOf(request, 'ecs', `task-definition/${family}:1`);
    const result = { ref: arn, attributes: { TaskDefinitionArn: arn } };
    if (backend === undefined) return withoutBackend(result, 'ecs');
    const { ExecutionRoleArn, TaskRoleArn, ContainerDefinitions } = properties;
    backend.defineTask({
      ...{ arn, family, taskRoleArn: TaskRoleArn },
      roleArns: ExecutionRoleArn === undefined ? [TaskRoleArn] : [ExecutionRoleArn, TaskRoleArn],
      containers: ContainerDefinitions.map((one) => ({
        ...{ name: one.Name, entryPoint: one.EntryPoint, secretNames: one.Secrets.map(({ Name }) => Name) },
        environment: one.Environment.map(({ Name, Value }) => ({ name: Name, value: Value })),
        ownCode: one.WorkingDirectory && basename(one.WorkingDirectory),
        workFolder: one.MountPoints[0]?.ContainerPath,
      })),
    });
    return result;
  };
}
