import type { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { parseJsonStrict } from '../../../lib/core/json.ts';
import {
  jsonError,
  jsonOk,
  type LocalService,
  type RequiredPermission,
  readBody,
  type ServiceRequest,
  targetOperation,
} from './service.ts';

/** An answer of a JSON-protocol service that is no success. */
export class AwsError extends LadingError {
  override readonly name = 'AwsError';
  readonly status: number;
  /** Further members of the error document. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(type: string, message: string, status = 400, details: Readonly<Record<string, unknown>> = {}) {
    super(type, message);
    this.status = status;
    this.details = details;
  }
}

/** Who calls from where. */
export type Caller = Pick<ServiceRequest, 'region' | 'accountId' | 'principal'>;

/** One operation: its input, what IAM asks of its caller, and its answer. */
export interface Operation<I> {
  /** Strict: a member that is not understood may change what is asked for, and is refused. */
  readonly input: z.ZodType<I>;
  readonly permissions: (input: I, caller: Caller) => readonly RequiredPermission[];
  readonly run: (input: I, caller: Caller) => unknown;
}

interface BoundOperation {
  readonly authorize: (body: unknown, caller: Caller) => readonly RequiredPermission[];
  readonly run: (body: unknown, caller: Caller) => unknown;
}

/** Ties an operation to its input, so that operations of different inputs stand in one table. */
export function operation<I>({ input, permissions, run }: Operation<I>): (invalid: string) => BoundOperation {
  return (invalid) => {
    const parse = (body: unknown): I => {
      const parsed = input.safeParse(body);
      if (parsed.success) return parsed.data;
      const [issue] = parsed.error.issues;
      throw new AwsError(invalid, `${issue?.path.join('.') || 'the request'}: ${issue?.message ?? 'invalid'}`);
    };
    return {
      authorize: (body, caller) => permissions(parse(body), caller),
      run: (body, caller) => run(parse(body), caller),
    };
  };
}

export interface JsonServiceOptions {
  /** The service name of the SigV4 scope. */
  readonly name: string;
  /** The error type for input that is not what the operation takes. */
  readonly invalid: string;
  readonly operations: Readonly<Record<string, ReturnType<typeof operation>>>;
}

/** A service of the AWS JSON 1.1 protocol: operation by `X-Amz-Target`, input and output as JSON, dates as seconds. */
export function jsonService({ name, invalid, operations }: JsonServiceOptions): LocalService {
  const table = new Map(Object.entries(operations).map(([operationName, bind]) => [operationName, bind(invalid)]));
  const find = (request: ServiceRequest): BoundOperation => {
    const operationName = targetOperation(request);
    const found = table.get(operationName);
    if (found) return found;
    throw new AwsError(
      'UnknownOperationException',
      `The local ${name} does not answer "${operationName.slice(0, 80)}".`,
    );
  };
  const read = (body: Uint8Array): unknown => {
    try {
      return parseJsonStrict(body.length === 0 ? '{}' : body, { what: 'the request' });
    } catch (error) {
      throw new AwsError('SerializationException', error instanceof Error ? error.message : 'not JSON');
    }
  };
  return {
    name,
    authorize: (request, body) => {
      try {
        return find(request).authorize(read(body), request);
      } catch (error) {
        // Refused by `handle` for the same reason, and without effect.
        if (error instanceof AwsError) return [];
        throw error;
      }
    },
    handle: async (request) => {
      try {
        const found = find(request);
        const answer: unknown = await found.run(read(await readBody(request.body)), request);
        return jsonOk(answer ?? {});
      } catch (error) {
        if (!(error instanceof AwsError)) {
          return jsonError(500, 'InternalFailure', error instanceof Error ? error.message : String(error));
        }
        const { status, headers } = jsonError(error.status, error.code, error.message);
        const body = JSON.stringify({ ...error.details, __type: error.code, message: error.message });
        return { status, ...(headers ? { headers } : {}), body };
      }
    },
  };
}

/** Dates in the JSON protocols: seconds since 1970, with a fraction. */
export const epochSeconds = (milliseconds: number): number => milliseconds / 1000;

/**
 * One page of a list that is sorted by `id`. The token is the last id in a wrapper, so that a page goes on at the right
 * place when entries came or went in between; an unreadable one is refused by `onBadToken`.
 */
export function pageOf<T>(
  items: readonly T[],
  id: (item: T) => string,
  limit: number,
  token: string | undefined,
  onBadToken: () => AwsError,
): { readonly page: readonly T[]; readonly next: string | undefined } {
  const after = token === undefined ? undefined : unwrapToken(token, onBadToken);
  const sorted = items.toSorted((a, b) => (id(a) < id(b) ? -1 : id(a) > id(b) ? 1 : 0));
  const rest = after === undefined ? sorted : sorted.filter((item) => id(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const next =
    last !== undefined && page.length < rest.length ? `1.${Buffer.from(id(last)).toString('base64url')}` : undefined;
  return { page, next };
}

function unwrapToken(token: string, onBadToken: () => AwsError): string {
  const text = Buffer.from(token.slice(2), 'base64url').toString();
  if (`1.${Buffer.from(text).toString('base64url')}` !== token) throw onBadToken();
  return text;
}
