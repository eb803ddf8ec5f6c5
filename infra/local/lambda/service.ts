import { isLadingError } from '../../../lib/core/errors.ts';
import {
  jsonError,
  type LocalService,
  readBody,
  type ServiceRequest,
  type ServiceResponse,
} from '../services/service.ts';
import type { AsyncInvoker } from './async-invoker.ts';
import type { LocalFunctions } from './local-functions.ts';

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

/** Lambda's Invoke, for tools and for functions that call functions. */
export function lambdaService(functions: LocalFunctions, asyncInvoker: AsyncInvoker): LocalService {
  return {
    name: 'lambda',
    authorize: (request) => {
      const name = functionOf(request);
      if (name === undefined) return [];
      const arn = `arn:aws:lambda:${request.region}:${request.accountId}:function:${name.split(':').at(-1)}`;
      return [{ action: 'lambda:InvokeFunction', resource: arn }];
    },
    handle: async (request) => {
      const name = functionOf(request);
      if (name === undefined || request.method !== 'POST') {
        return jsonError(404, 'UnknownOperationException', 'the local Lambda only invokes');
      }
      const payload = Buffer.from(await readBody(request.body)).toString('utf8');
      try {
        return await invoke(functions, asyncInvoker, request, name, JSON.parse(payload || 'null'));
      } catch (error) {
        if (isLadingError(error, 'function-unknown')) return jsonError(404, 'ResourceNotFoundException', error.message);
        if (error instanceof SyntaxError) return jsonError(400, 'InvalidRequestContentException', error.message);
        throw error;
      }
    },
  };
}

function functionOf({ url }: ServiceRequest): string | undefined {
  const [, name] = INVOKE.exec(url.pathname) ?? [];
  return name === undefined ? undefined : decodeURIComponent(name);
}

async function invoke(
  functions: LocalFunctions,
  asyncInvoker: AsyncInvoker,
  request: ServiceRequest,
  name: string,
  event: unknown,
): Promise<ServiceResponse> {
  const fn = functions.find(name);
  const type = request.headers.get('x-amz-invocation-type') ?? 'RequestResponse';
  if (type === 'DryRun') return { status: 204 };
  if (type === 'Event') {
    asyncInvoker.invoke(fn.definition.arn, event);
    return { status: 202 };
  }
  const outcome = await functions.invoke(fn, event, 'direct');
  const failed = outcome.kind === 'error';
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      'x-amz-executed-version': '$LATEST',
      ...(failed ? { 'x-amz-function-error': 'Unhandled' } : {}),
    },
    body: failed ? JSON.stringify(outcome.error) : outcome.payload,
  };
}
