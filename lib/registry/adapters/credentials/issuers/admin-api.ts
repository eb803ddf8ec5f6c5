import type { z } from 'zod';
import { LadingError, unreachable } from '../../../../core/errors.ts';
import { describeSource } from '../../../credentials/describe-source.ts';
import type { SecretSource } from '../../../credentials/model.ts';
import { parseSecret, requireToken } from '../../../credentials/parse-secret.ts';
import type { SecretReader } from '../../../credentials/ports.ts';
import { registryError } from '../../../errors.ts';
import { callService, type ServiceAnswer, type ServiceCall, type ServiceOptions } from '../call-service.ts';

/** What a registry's own API is spoken to with. */
export interface AdminApiOptions {
  /** Where it answers. */
  readonly base: URL;
  /** JSON with `username` and `password`, or a bearer token, bare or in JSON. */
  readonly admin: SecretSource;
  readonly secrets: SecretReader;
  readonly service?: ServiceOptions;
}

export interface AdminApi {
  /** The answer of one of these states, in the form that the API documents. */
  call<T>(
    request: { readonly method: ServiceCall['method']; readonly path: string; readonly json?: unknown },
    schema: z.ZodType<T>,
  ): Promise<T>;
  /** Deletes; what is not there is no error. */
  remove(path: string): Promise<void>;
}

/**
 * A registry's administration API, spoken to as the administrator whose secret is read anew for each call: the secret
 * is in no variable for longer, and a replaced one is followed at once.
 */
export function createAdminApi({ base, admin, secrets, service }: AdminApiOptions): AdminApi {
  const send = async (method: ServiceCall['method'], path: string, json?: unknown): Promise<ServiceAnswer> => {
    const url = new URL(path, base);
    const headers = { authorization: await authorizationOf(admin, secrets) };
    return callService({ method, url, headers, ...(json === undefined ? {} : { json }) }, service);
  };
  return {
    async call({ method, path, json }, schema) {
      const answer = await send(method, path, json);
      if (answer.status !== 200 && answer.status !== 201) throw refused(method, base, path, answer.status);
      const parsed = schema.safeParse(answer.json);
      if (parsed.success) return parsed.data;
      // Neither the answer nor what was expected of it: it may hold a token.
      throw registryError('registry-protocol', `${method} ${base.host}${path} answered in an unexpected form`);
    },
    async remove(path) {
      const { status } = await send('DELETE', path);
      if (![200, 202, 204, 404].includes(status)) throw refused('DELETE', base, path, status);
    },
  };
}

async function authorizationOf(admin: SecretSource, secrets: SecretReader): Promise<string> {
  const text = (await secrets.read(admin)).replace(/\r?\n$/, '');
  const what = describeSource(admin);
  if (!text.trimStart().startsWith('{')) return `Bearer ${requireToken(text, what)}`;
  const { credentials } = parseSecret(text, what);
  switch (credentials.kind) {
    case 'basic':
      return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    case 'bearer':
      return `Bearer ${credentials.token}`;
    case 'identity-token':
    case 'anonymous':
      throw new LadingError('credentials-invalid', `${what} is neither a password nor a bearer token`);
    default:
      return unreachable(credentials);
  }
}

function refused(method: string, base: URL, path: string, status: number): LadingError {
  const busy = status === 429 || status >= 500;
  const code = busy
    ? 'registry-unavailable'
    : status === 401 || status === 403
      ? 'registry-denied'
      : 'registry-refused';
  return registryError(code, `${method} ${base.host}${path} was answered with status ${status}`, {
    hint: busy ? 'it is tried again' : 'has the administrator of the rotation the rights that docs/registries name?',
  });
}
