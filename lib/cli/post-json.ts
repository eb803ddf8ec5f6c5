import { z } from 'zod';
import { LadingError } from '../core/errors.ts';
import { callApi } from './api-client.ts';
import type { Connection } from './connection.ts';

/** Asks the API to do something, and reads what came of it. */
export async function postJson<Schema extends z.ZodType>(
  connection: Connection,
  path: string,
  body: unknown,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const parsed = schema.safeParse(await (await callApi(connection, path, { method: 'POST', body })).json());
  if (parsed.success) return parsed.data;
  throw new LadingError('api-answer-invalid', `the API's answer to ${path}: ${z.prettifyError(parsed.error)}`, {
    hint: 'command line and stack are of different versions',
  });
}
