import { z } from 'zod';
import { signedHeaders } from '../aws/sign-request.ts';
import { LadingError } from '../core/errors.ts';
import type { Connection } from './connection.ts';

const problem = z.object({ title: z.string(), detail: z.string(), hint: z.string().optional() });

/** Asks the API; on AWS the request is signed (SigV4), as API Gateway's IAM authorizer wants. */
export async function callApi(
  connection: Connection,
  path: string,
  options: { readonly method?: 'GET' | 'POST'; readonly body?: unknown } = {},
): Promise<Response> {
  const url = new URL(`${connection.api}${path}`);
  const body = options.body === undefined ? undefined : JSON.stringify(options.body);
  const method = options.method ?? 'GET';
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(connection.local ? {} : await signedHeaders(url, method, body)),
  };
  let response: Response;
  try {
    response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
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
