import { z } from 'zod';
import { describeSource } from '../describe-source.ts';
import type { CredentialsConfig } from '../model.ts';
import { jwtExpiry, requireToken } from '../parse-secret.ts';
import { type Exchanged, type ExchangePorts, endOf } from './exchange.ts';
import { accessTokenSchema, readTokenAnswer, tokenText } from './token-answer.ts';

type Acr = Extract<CredentialsConfig, { kind: 'acr' }>;

const AUTHORITY = 'https://login.microsoftonline.com';
/** What Entra calls every registry. */
const SCOPE = 'https://containerregistry.azure.net/.default';
const refreshSchema = z.object({ refresh_token: tokenText });

/**
 * "Azure Container Registry integration with Azure Active Directory": a token of Entra (client credentials, by secret
 * or by a federated assertion) for a refresh token of the registry, which its realm then takes as an identity token.
 *
 * @param registry where the registry answers
 */
export async function exchangeEntra(config: Acr, registry: URL, ports: ExchangePorts): Promise<Exchanged> {
  const { tenant, clientId, authority = AUTHORITY } = config;
  const entra = await ports.services.post({
    url: new URL(`${authority.replace(/\/$/, '')}/${tenant}/oauth2/v2.0/token`),
    form: { grant_type: 'client_credentials', client_id: clientId, scope: SCOPE, ...(await proofOf(config, ports)) },
  });
  const { access_token: accessToken } = readTokenAnswer(accessTokenSchema, entra, 'Entra');
  const answer = await ports.services.post({
    url: new URL('/oauth2/exchange', registry),
    form: { grant_type: 'access_token', service: registry.host, tenant, access_token: accessToken },
  });
  const { refresh_token: token } = readTokenAnswer(refreshSchema, answer, registry.host);
  return {
    credentials: { kind: 'identity-token', token },
    expiresAt: jwtExpiry(token) ?? endOf(ports.clock, undefined),
  };
}

/** RFC 6749, section 2.3.1, or RFC 7523, section 2.2. */
async function proofOf({ secret, token }: Acr, ports: ExchangePorts): Promise<Readonly<Record<string, string>>> {
  if (secret !== undefined) {
    const text = (await ports.secrets.read(secret)).replace(/\r?\n$/, '');
    return { client_secret: requireToken(text, describeSource(secret)) };
  }
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token === undefined ? '' : await ports.workload.tokenOf(token),
  };
}
