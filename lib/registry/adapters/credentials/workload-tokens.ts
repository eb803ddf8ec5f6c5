import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { LadingError } from '../../../core/errors.ts';
import type { WorkloadToken } from '../../credentials/model.ts';
import { requireToken } from '../../credentials/parse-secret.ts';
import type { WorkloadTokens } from '../../credentials/ports.ts';
import { callService, type ServiceOptions } from './call-service.ts';

const answerSchema = z.object({ value: z.string() });

/**
 * The OIDC token of a workload outside of AWS, as its platform hands it out.
 *
 * @param environment of the program: GitLab's tokens are variables, GitHub's runner names there where to ask
 */
export function createWorkloadTokens(
  environment: Readonly<Record<string, string | undefined>>,
  options: ServiceOptions = {},
): WorkloadTokens {
  return {
    async tokenOf(source) {
      const text = await readToken(source, environment, options);
      return requireToken(text.replace(/\r?\n$/, ''), describe(source));
    },
  };
}

async function readToken(
  source: WorkloadToken,
  environment: Readonly<Record<string, string | undefined>>,
  options: ServiceOptions,
): Promise<string> {
  if ('variable' in source) {
    const { variable } = source;
    return (Object.hasOwn(environment, variable) && environment[variable]) || missing(source, 'it is not set');
  }
  if ('file' in source) {
    return readFile(source.file, 'utf8').catch((cause: unknown) => missing(source, 'the file cannot be read', cause));
  }
  return askRunner(source.githubAudience, environment, options);
}

/** "OpenID Connect reference", methods for requesting the token: the runner names the URL and a token to ask it with. */
async function askRunner(
  audience: string,
  environment: Readonly<Record<string, string | undefined>>,
  options: ServiceOptions,
): Promise<string> {
  const source = { githubAudience: audience };
  const { ACTIONS_ID_TOKEN_REQUEST_URL: address, ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer } = environment;
  if (!address || !bearer || !URL.canParse(address)) return missing(source, 'the job lacks `id-token: write`');
  const url = new URL(address);
  url.searchParams.set('audience', audience);
  const what = 'the token of the runner';
  const headers = { authorization: `Bearer ${requireToken(bearer, what)}` };
  const { status, json } = await callService({ method: 'GET', url, headers }, options);
  const parsed = answerSchema.safeParse(json);
  return parsed.success ? parsed.data.value : missing(source, `the runner answered with status ${status}`);
}

function describe(source: WorkloadToken): string {
  if ('file' in source) return `the token in ${source.file}`;
  return 'variable' in source ? `the variable ${source.variable}` : `GitHub's token for ${source.githubAudience}`;
}

function missing(source: WorkloadToken, why: string, cause?: unknown): never {
  throw new LadingError('credentials-unavailable', `${describe(source)} is not to be had: ${why}`, { cause });
}
