import { isLadingError } from '../../../../lib/core/errors.ts';
import {
  type LocalService,
  type RequiredPermission,
  readBody,
  type ServiceRequest,
  type ServiceResponse,
  targetOperation,
} from '../service.ts';
import type { TableStore } from './table-store.ts';

/** The JSON protocol of DynamoDB over the tables. */
export function dynamoService(tables: TableStore): LocalService {
  return {
    name: 'dynamodb',
    authorize,
    handle: async (request) => {
      const body = Buffer.from(await readBody(request.body)).toString('utf8');
      try {
        const answer = await tables.execute(request.region, targetOperation(request), body);
        return json(answer.status, answer.body);
      } catch (error) {
        if (!isLadingError(error)) throw error;
        const failure = { __type: 'com.amazonaws.dynamodb.v20120810#InternalServerError', message: error.message };
        return json(500, JSON.stringify(failure));
      }
    },
  };
}

const json = (status: number, body: string): ServiceResponse => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body,
});

function authorize(request: ServiceRequest, bytes: Uint8Array): readonly RequiredPermission[] {
  const action = `dynamodb:${targetOperation(request)}`;
  const arn = (table: string): string => `arn:aws:dynamodb:${request.region}:${request.accountId}:table/${table}`;
  let data: unknown;
  try {
    data = JSON.parse(Buffer.from(bytes).toString('utf8') || '{}');
  } catch {
    data = undefined;
  }
  const { TableName, IndexName, RequestItems } = (data ?? {}) as Record<string, unknown>;
  if (typeof TableName === 'string') {
    return [
      { action, resource: typeof IndexName === 'string' ? `${arn(TableName)}/index/${IndexName}` : arn(TableName) },
    ];
  }
  if (RequestItems !== null && typeof RequestItems === 'object') {
    return Object.keys(RequestItems).map((table) => ({ action, resource: arn(table) }));
  }
  return [{ action, resource: '*' }];
}
