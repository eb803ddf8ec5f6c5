import { z } from 'zod';
import type { TableBackend, TableDefinition } from '../backends.ts';
import type { ResourceHandler, ResourceRequest } from '../provision.ts';
import { arnOf, flag, nameOf, withoutBackend } from './common.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const index = z.object({
  IndexName: z.string(),
  KeySchema: keySchema,
  Projection: z.object({
    ProjectionType: z.string().optional(),
    NonKeyAttributes: z.array(z.string()).optional(),
  }),
});

const table = z.object({
  TableName: z.string().optional(),
  AttributeDefinitions: z.array(z.object({ AttributeName: z.string(), AttributeType: z.string() })),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z.array(index).optional(),
  LocalSecondaryIndexes: z.array(index).optional(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string().optional(), Enabled: flag }).optional(),
  Replicas: z.array(z.object({ Region: z.string() })).optional(),
});

/** AWS::DynamoDB::Table and AWS::DynamoDB::GlobalTable. */
export function tableHandler(backend: TableBackend | undefined): ResourceHandler {
  return async (request) => {
    const definition = definitionOf(request);
    const { name } = definition;
    const result = {
      ref: name,
      attributes: {
        Arn: arnOf(request, 'dynamodb', `table/${name}`),
        TableId: name,
        StreamArn: arnOf(request, 'dynamodb', `table/${name}/stream/local`),
      },
    };
    if (backend === undefined) return withoutBackend(result, 'dynamodb');
    await backend.createTable(definition);
    return result;
  };
}

function definitionOf(request: ResourceRequest): TableDefinition {
  const properties = request.parse(table);
  const { region, accountId } = request.stack;
  const ttl = properties.TimeToLiveSpecification;
  return {
    name: nameOf(request, properties.TableName, { maxLength: 255 }),
    region,
    accountId,
    replicaRegions: (properties.Replicas ?? []).map(({ Region }) => Region).filter((other) => other !== region),
    attributes: properties.AttributeDefinitions,
    keySchema: properties.KeySchema,
    globalIndexes: (properties.GlobalSecondaryIndexes ?? []).map(definedIndex),
    localIndexes: (properties.LocalSecondaryIndexes ?? []).map(definedIndex),
    timeToLiveAttribute: ttl?.Enabled === true ? ttl.AttributeName : undefined,
  };
}

const definedIndex = ({ IndexName, KeySchema, Projection }: z.infer<typeof index>) => ({
  IndexName,
  KeySchema,
  Projection: {
    ...(Projection.ProjectionType === undefined ? {} : { ProjectionType: Projection.ProjectionType }),
    ...(Projection.NonKeyAttributes === undefined ? {} : { NonKeyAttributes: Projection.NonKeyAttributes }),
  },
});
