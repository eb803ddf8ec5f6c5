import { z } from 'zod';
import { describeError, LadingError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

const problem = z.object({ title: z.string(), detail: z.string(), hint: z.string().optional() });

/** A local stack that was started on another data folder, or through a tunnel. */
const isLoopback = ({ hostname }: URL): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);

async function signature(
  url: URL,
  method: string,
  body: string | Uint8Array | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { signedHeaders } = await import('../aws/sign-request.ts');
  try {
    return await signedHeaders(url, method, body);
  } catch (cause) {
    throw new LadingError('credentials-missing', `requests to ${url.host} must be signed: ${describeError(cause)}`, {
      cause,
      hint: 'log in to AWS, or name a profile with AWS_PROFILE',
    });
  }
}

/** Asks the API; on AWS the request is signed (SigV4), as API Gateway's IAM authorizer wants. */
export async function callApi(
  connection: Connection,
  path: string,
  options: {
    readonly method?: 'GET' | 'POST';
    /** Is sent as JSON. */
    readonly body?: unknown;
    /** Is sent as it is. */
    readonly raw?: { readonly type: string; readonly content: Uint8Array };
  } = {},
): Promise<Response> {
  const url = new URL(`${connection.api}${path}`);
  const { raw } = options;
  const body = raw?.content ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  const method = options.method ?? 'GET';
  const headers = {
    ...(body === undefined ? {} : { 'content-type': raw?.type ?? 'application/json' }),
    ...(connection.local || isLoopback(url) ? {} : await signature(url, method, body)),
  };
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
  } catch (cause) {
    throw new LadingError('api-unreachable', `${connection.api} does not answer`, {
      cause,
      hint: 'is the stack running?',
    });
  }
  if (response.ok) return response;
  const said = problem.safeParse(await response.json().catch(() => undefined));
  if (said.success) {
    throw new LadingError(said.data.title, said.data.detail, said.data.hint ? { hint: said.data.hint } : {});
  }
  throw new LadingError('api-refused', `${connection.api} answered ${response.status} to ${path}`);
}

export async function getJson<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse(await (await callApi(connection, path)).json());
  if (parsed.success) return parsed.data;
  throw new LadingError('api-answer-invalid', `the API's answer to ${path}: ${z.prettifyError(parsed.error)}`, {
    hint: 'command line and stack are of different versions',
  });
}
