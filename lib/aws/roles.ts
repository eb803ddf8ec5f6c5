import { LadingError } from '../core/errors.ts';
import { endpointOf, postText, regionHere } from './json-call.ts';
import { type AwsCredentials, type AwsCredentialsProvider, ownCredentials, signRequest } from './sign-request.ts';

/** A role that is taken for some calls. */
export interface RoleToTake {
  readonly arn: string;
  readonly externalId?: string | undefined;
  /** The OIDC token that proves who we are; without it, our own AWS credentials do. */
  readonly token?: (() => Promise<string>) | undefined;
}

/** How it reaches AWS; for tests and the local stack. */
export interface StsOptions {
  /** @default AWS_ENDPOINT_URL, or that of AWS_REGION */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentialsProvider;
  readonly now?: () => number;
}

/** A session is renewed this long before its end, in milliseconds. */
const MARGIN_MS = 5 * 60 * 1000;

/**
 * Credentials of a role (STS API reference, "AssumeRole", "AssumeRoleWithWebIdentity"), kept until shortly before their
 * end. STS speaks the query protocol; this is the one call of it that is needed, without the client of all of them.
 */
export function roleCredentials(role: RoleToTake, options: StsOptions = {}): AwsCredentialsProvider {
  const { now = Date.now } = options;
  let kept: Promise<AwsCredentials> | undefined;
  return async () => {
    const known = await kept?.catch(() => undefined);
    const end = known?.expiration?.getTime() ?? 0;
    if (known !== undefined && end - MARGIN_MS > now()) return known;
    kept = takeRole(role, options);
    return kept;
  };
}

async function takeRole(role: RoleToTake, options: StsOptions): Promise<AwsCredentials> {
  const url = new URL(options.endpoint ?? endpointOf('sts'));
  const token = await role.token?.();
  const form = new URLSearchParams({
    Action: token === undefined ? 'AssumeRole' : 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role.arn,
    RoleSessionName: 'lading',
    ...(token === undefined ? {} : { WebIdentityToken: token }),
    ...(token === undefined && role.externalId !== undefined ? { ExternalId: role.externalId } : {}),
  });
  const body = form.toString();
  const plain = { 'content-type': 'application/x-www-form-urlencoded' };
  const { credentials = ownCredentials } = options;
  const headers =
    token === undefined
      ? await signRequest({
          ...{ service: 'sts', region: regionHere(), url, method: 'POST', headers: plain, body, credentials },
        })
      : plain;
  const { status, text } = await postText(url, headers, body, 'STS');
  if (status !== 200) {
    throw new LadingError(
      'role-denied',
      `the role ${role.arn} cannot be taken (${elementOf(text, 'Code') ?? status})`,
      {
        hint: 'does its trust policy name us, and our policy the role?',
        retryable: status === 429 || status >= 500,
      },
    );
  }
  return readCredentials(text);
}

/** The text of an element whose content needs no unescaping: keys, tokens, dates and codes. */
const elementOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([A-Za-z0-9+/=_.:-]{1,16384})</${name}>`).exec(xml)?.[1];

function readCredentials(xml: string): AwsCredentials {
  const accessKeyId = elementOf(xml, 'AccessKeyId');
  const secretAccessKey = elementOf(xml, 'SecretAccessKey');
  const sessionToken = elementOf(xml, 'SessionToken');
  const expiration = new Date(elementOf(xml, 'Expiration') ?? '');
  if (accessKeyId && secretAccessKey && sessionToken && !Number.isNaN(expiration.getTime())) {
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  }
  throw new LadingError('aws-protocol', 'STS answered without usable credentials');
}

/**
 * A signed request for `GetCallerIdentity`, in the form that Google's security token service asks for ("Configure
 * Workload Identity Federation with AWS"): whoever holds it can have AWS say who we are, and nothing else.
 */
export async function callerProof(resource: string, credentials: AwsCredentialsProvider = ownCredentials) {
  const url = new URL(`https://sts.${regionHere()}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15`);
  const signed = await signRequest({
    service: 'sts',
    region: regionHere(),
    url,
    method: 'POST',
    headers: { 'x-goog-cloud-target-resource': resource },
    credentials,
  });
  const headers = Object.entries(signed).map(([key, value]) => ({ key, value }));
  return encodeURIComponent(JSON.stringify({ url: url.href, method: 'POST', headers }));
}
