/**
 * The shape of every AWS service that the local stack answers for. One HTTP server (the facade) receives the calls of
 * unmodified SDK clients, finds service and region in the SigV4 credential scope, checks the caller's IAM policy
 * against what `authorize` says the call needs, and hands it to the service.
 */
export interface ServiceRequest {
  readonly method: string;
  /** Path and query as sent; the host is the facade's own. */
  readonly url: URL;
  /**
   * The request target exactly as it was sent (`request.url` of node:http). `URL` folds `/bucket/a/../b` into
   * `/bucket/b`, which for S3 is another key; S3 answers 500 without it.
   */
  readonly rawTarget?: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly region: string;
  readonly accountId: string;
  /** Who calls: the physical name of a function's role, or `undefined` for the developer at the machine. */
  readonly principal: string | undefined;
  /**
   * Whether the caller's policy allows something that the call itself does not need, where the answer depends on it: S3
   * tells a caller without `s3:ListBucket` "AccessDenied", not "NoSuchKey". Absent: everything is allowed.
   */
  readonly allows?: (permission: RequiredPermission) => boolean;
  /**
   * The body, not yet read. A service reads it once: whole (`readBody`) or as a stream. It may answer without having
   * read all of it; the facade then reads over the rest, so that the client gets to see the answer.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ServiceResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
}

/** What a call does, in the words of IAM: `s3:GetObject` on `arn:aws:s3:::bucket/key`. */
export interface RequiredPermission {
  readonly action: string;
  readonly resource: string;
  /** Values of the service's own condition keys (`s3:prefix`), where a policy may ask for them. */
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

export interface LocalService {
  /** The service name of the SigV4 scope: `s3`, `dynamodb`, `sqs`, `events`, `kms`, `ecr`, `secretsmanager`, `ssm`, … */
  readonly name: string;
  /**
   * What the call needs; all of it must be allowed. It may depend on the body, so the facade passes the bytes of small
   * (JSON) bodies; S3 is told by method, path, query and headers, and by the body only for DeleteObjects.
   */
  authorize(request: ServiceRequest, body: Uint8Array): readonly RequiredPermission[];
  /**
   * True where the body is to be handed on as it comes, unread: object bytes. `authorize` then gets an empty body.
   * Absent: bodies are small and read whole.
   */
  streams?(request: ServiceRequest): boolean;
  handle(request: ServiceRequest): Promise<ServiceResponse>;
  close?(): Promise<void>;
}

/** An error in the shape of the AWS JSON protocols (`x-amzn-errortype` header and `__type` member). */
export function jsonError(status: number, type: string, message: string): ServiceResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': type },
    body: JSON.stringify({ __type: type, message }),
  };
}

export function jsonOk(body: unknown, contentType = 'application/x-amz-json-1.1'): ServiceResponse {
  return { status: 200, headers: { 'content-type': contentType }, body: JSON.stringify(body) };
}

/** Reads a body whole, at most `limit` bytes. */
export async function readBody(body: AsyncIterable<Uint8Array>, limit = 16 * 1024 * 1024): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw new RangeError(`the request body is over ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The operation of a JSON-protocol call: `X-Amz-Target: TrentService.Sign` → `Sign`. */
export const targetOperation = (request: ServiceRequest): string =>
  (request.headers.get('x-amz-target') ?? '').replace(/^.*\./, '');
