import { z } from 'zod';
import { LadingError } from '../../../core/errors.ts';
import { parseJsonStrict } from '../../../core/json.ts';
import { describeSource } from '../describe-source.ts';
import type { CredentialsConfig } from '../model.ts';
import { type Exchanged, type ExchangePorts, endOf } from './exchange.ts';
import { signJwt } from './sign-jwt.ts';
import { accessTokenSchema, readTokenAnswer, tokenText } from './token-answer.ts';

type ServiceAccount = Extract<CredentialsConfig, { kind: 'google-service-account' }>;
type Federation = Extract<CredentialsConfig, { kind: 'google-federation' }>;

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const STS_URL = 'https://sts.googleapis.com/v1/token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const HOUR = 3_600;

const keySchema = z.object({
  client_email: z.string().regex(/^[^\s@]{1,200}@[^\s@]{1,200}$/),
  private_key: z.string(),
  private_key_id: z.string().max(200).optional(),
});

/** Artifact Registry takes an access token as the password of this user ("Configure authentication", access token). */
const withToken = (token: string, expiresAt: Date): Exchanged => ({
  credentials: { kind: 'basic', username: 'oauth2accesstoken', password: token },
  expiresAt,
});

/**
 * "Using OAuth 2.0 for Server to Server Applications": a JWT signed with the account's key for an access token. The
 * `token_uri` in the key is not heeded: the proof goes to Google and nowhere else.
 */
export async function exchangeServiceAccount({ key }: ServiceAccount, ports: ExchangePorts): Promise<Exchanged> {
  const what = describeSource(key);
  const parsed = keySchema.safeParse(readJson(await ports.secrets.read(key)));
  if (!parsed.success) {
    throw new LadingError('credentials-invalid', `${what} is not the JSON key of a service account`);
  }
  const { client_email: account, private_key: privateKey, private_key_id: keyId } = parsed.data;
  const now = Math.floor(ports.clock.now().getTime() / 1000);
  const claims = { iss: account, scope: SCOPE, aud: TOKEN_URL, iat: now, exp: now + HOUR };
  const answer = await ports.services.post({
    url: new URL(TOKEN_URL),
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: signJwt(claims, privateKey, { keyId, what }),
    },
  });
  const token = readTokenAnswer(accessTokenSchema, answer, "Google's token service");
  return withToken(token.access_token, endOf(ports.clock, token.expires_in));
}

function readJson(text: string): unknown {
  try {
    return parseJsonStrict(text, { maxBytes: 64 * 1024 });
  } catch {
    return undefined;
  }
}

/** Workload identity federation (STS API, method "token"; RFC 8693), then the service account's token if one is named. */
export async function exchangeFederation(config: Federation, ports: ExchangePorts): Promise<Exchanged> {
  const { audience, serviceAccount, token: source } = config;
  const [subjectToken, type] =
    source === undefined
      ? [await ports.aws.callerProof(audience), 'urn:ietf:params:aws:token-type:aws4_request']
      : [await ports.workload.tokenOf(source), 'urn:ietf:params:oauth:token-type:jwt'];
  const answer = await ports.services.post({
    url: new URL(STS_URL),
    json: {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience,
      scope: SCOPE,
      requestedTokenType: 'urn:ietf:params:oauth:token-type:access_token',
      subjectToken,
      subjectTokenType: type,
    },
  });
  const federated = readTokenAnswer(accessTokenSchema, answer, "Google's security token service");
  if (serviceAccount === undefined) {
    return withToken(federated.access_token, endOf(ports.clock, federated.expires_in));
  }
  return impersonate(serviceAccount, federated.access_token, ports);
}

const impersonated = z.object({ accessToken: tokenText, expireTime: z.iso.datetime({ offset: true }) });

/** IAM Service Account Credentials API, "generateAccessToken". */
async function impersonate(account: string, token: string, { services }: ExchangePorts): Promise<Exchanged> {
  const answer = await services.post({
    url: new URL(`https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}:generateAccessToken`),
    headers: { authorization: `Bearer ${token}` },
    json: { scope: [SCOPE], lifetime: `${HOUR}s` },
  });
  const { accessToken, expireTime } = readTokenAnswer(impersonated, answer, `the service account ${account}`);
  return withToken(accessToken, new Date(expireTime));
}
