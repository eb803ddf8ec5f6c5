import { z } from 'zod';
import { describeSource } from '../describe-source.ts';
import type { CredentialsConfig } from '../model.ts';
import type { Exchanged, ExchangePorts } from './exchange.ts';
import { signJwt } from './sign-jwt.ts';
import { readTokenAnswer, tokenText } from './token-answer.ts';

type GithubApp = Extract<CredentialsConfig, { kind: 'github-app' }>;

const answerSchema = z.object({ token: tokenText, expires_at: z.iso.datetime({ offset: true }) });

/**
 * "Generating an installation access token for a GitHub App". The JWT begins a minute ago, as GitHub advises against
 * clocks that differ, and ends before the ten minutes that it may last.
 */
export async function exchangeGithubApp(config: GithubApp, ports: ExchangePorts): Promise<Exchanged> {
  const { appId, installationId, key, api = 'https://api.github.com' } = config;
  const now = Math.floor(ports.clock.now().getTime() / 1000);
  const claims = { iss: appId, iat: now - 60, exp: now + 540 };
  const jwt = signJwt(claims, await ports.secrets.read(key), { what: describeSource(key) });
  const answer = await ports.services.post({
    url: new URL(`${api.replace(/\/$/, '')}/app/installations/${installationId}/access_tokens`),
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${jwt}`,
      'x-github-api-version': '2022-11-28',
    },
    json: {},
  });
  const { token, expires_at: end } = readTokenAnswer(answerSchema, answer, 'GitHub');
  return {
    credentials: { kind: 'basic', username: 'x-access-token', password: token },
    expiresAt: new Date(end),
  };
}
