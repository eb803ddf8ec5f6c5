import { createHash, createHmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';

/** SHA-256 and HMAC-SHA-256 in the shape that the SDK's signer wants. */
class NodeSha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', toBuffer(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBuffer(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function toBuffer(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}

/** What AWS calls are signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}
export type AwsCredentialsProvider = () => Promise<AwsCredentials>;

let own: AwsCredentialsProvider | undefined;

/** Those that the SDK would use, found once. */
export const ownCredentials: AwsCredentialsProvider = () => {
  own ??= defaultProvider();
  return own();
};

/** The headers of a request with its signature (SigV4), `host` among them. */
export async function signRequest(request: {
  readonly service: string;
  readonly region: string;
  readonly url: URL;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly credentials: AwsCredentialsProvider;
}): Promise<Readonly<Record<string, string>>> {
  const { service, region, url, method, headers, body, credentials } = request;
  const signer = new SignatureV4({ service, region, credentials, sha256: NodeSha256 });
  const signed = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: queryOf(url),
    headers: { host: url.host, ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return signed.headers;
}

/** A parameter that is there several times is signed as often. */
const queryOf = ({ searchParams }: URL): Record<string, string[]> =>
  Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));

/**
 * The headers that sign a request to an HTTP API with an IAM authorizer (SigV4, service `execute-api`), with the
 * credentials that the SDK would use. The region is that of the API's host name, or AWS_REGION.
 */
export async function signedHeaders(
  url: URL,
  method: string,
  body: string | Uint8Array | undefined,
): Promise<Readonly<Record<string, string>>> {
  const region = /\.execute-api\.([a-z0-9-]+)\./.exec(url.hostname)?.[1] ?? process.env.AWS_REGION ?? 'us-east-1';
  const signed = await signRequest({ service: 'execute-api', region, url, method, body, credentials: ownCredentials });
  const { host: _host, ...headers } = signed;
  return headers;
}
