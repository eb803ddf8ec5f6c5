import { LadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { type AwsCredentialsProvider, ownCredentials, signRequest } from './sign-request.ts';

const TIMEOUT_MS = 15_000;
const MAX_ANSWER = 4 * 1024 * 1024;

export const regionHere = (): string => process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? 'us-east-1';

/** Where a service answers: the local stack's facade, or the regional endpoint. */
export const endpointOf = (service: string, region = regionHere()): string =>
  process.env.AWS_ENDPOINT_URL ?? `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

export interface JsonCall {
  /** The name in the signature. */
  readonly service: string;
  /** `X-Amz-Target`. */
  readonly target: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** @default AWS_REGION */
  readonly region?: string;
  /** @default AWS_ENDPOINT_URL, or that of the region */
  readonly endpoint?: string;
  readonly credentials?: AwsCredentialsProvider;
  /** Of the protocol. @default 1.1 */
  readonly version?: '1.0' | '1.1';
}

/**
 * One call of a service that speaks the AWS JSON 1.1 protocol, for services of which one call is all that is needed:
 * a client of all their operations would make up a tenth of a function's bundle.
 *
 * @throws LadingError with the error's type as code, `aws-unreachable`, `aws-protocol`
 */
export async function callJson(call: JsonCall): Promise<unknown> {
  const { service, target, input, region = regionHere(), credentials = ownCredentials } = call;
  const url = new URL(call.endpoint ?? endpointOf(service, region));
  const body = JSON.stringify(input);
  const plain = { 'content-type': `application/x-amz-json-${call.version ?? '1.1'}`, 'x-amz-target': target };
  const headers = await signRequest({ service, region, url, method: 'POST', headers: plain, body, credentials });
  const { status, text } = await postText(url, headers, body, service);
  if (status === 200) return parseJsonStrict(text, { what: `the answer of ${service}` });
  const type = /"__type"\s*:\s*"(?:[^"#]{0,200}#)?(\w{1,100})"/.exec(text)?.[1] ?? `status-${status}`;
  throw new LadingError(type, `${target} failed (${type})`, {
    retryable: status === 429 || status >= 500 || /Throttl|TooManyRequests/.test(type),
  });
}

export interface RestCall {
  readonly service: string;
  readonly region: string;
  readonly path: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Bytes of the answer. @default 256 KiB */
  readonly maxBytes?: number;
}

/**
 * The same for one call (a POST) of a service that speaks REST with JSON.
 *
 * @throws LadingError with the error's type as code, `aws-unreachable`, `aws-protocol`
 */
export async function callRest({ service, region, path, input, maxBytes = MAX_ANSWER }: RestCall): Promise<unknown> {
  const url = new URL(path, endpointOf(service, region));
  const body = JSON.stringify(input);
  const plain = { 'content-type': 'application/json' };
  const credentials = ownCredentials;
  const headers = await signRequest({ service, region, url, method: 'POST', headers: plain, body, credentials });
  const { status, text } = await postText(url, headers, body, service, maxBytes);
  if (status === 200) return parseJsonStrict(text, { what: `the answer of ${service}`, maxBytes });
  // The type stands in a header that is not read here, or in the body.
  const type = /"(?:__type|code)"\s*:\s*"(?:[^"#]{0,200}#)?(\w{1,100})"/.exec(text)?.[1] ?? `status-${status}`;
  throw new LadingError(type, `${service} answered POST ${path} with status ${status} (${type})`, {
    retryable: status === 429 || status >= 500,
  });
}

/** Sent to the service and to nowhere that it may name: a signature, or a token, goes along. */
export async function postText(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  what: string,
  maxBytes = MAX_ANSWER,
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const { host: _host, ...rest } = headers;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { method: 'POST', headers: rest, body, redirect: 'error', signal });
    return { status: response.status, text: await readLimited(response, what, maxBytes) };
  } catch (cause) {
    if (cause instanceof LadingError) throw cause;
    throw new LadingError('aws-unreachable', `${what} does not answer at ${url.host}`, { cause, retryable: true });
  }
}

async function readLimited(response: Response, what: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw new LadingError('aws-protocol', `${what} answered with more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
