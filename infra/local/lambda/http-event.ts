import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Outcome } from './model.ts';

export interface HttpEventOptions {
  readonly request: IncomingMessage;
  readonly body: Uint8Array;
  readonly requestId: string;
  readonly apiId: string;
  readonly accountId: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly domainName: string;
  /** The caller is taken for the developer where the route asks for IAM. */
  readonly iam: boolean;
  readonly now: Date;
}

/** The event of payload format 2.0 ("Working with AWS Lambda proxy integrations for HTTP APIs"). */
export function httpEvent(options: HttpEventOptions): Record<string, unknown> {
  const { request, now, accountId, apiId, requestId, routeKey, domainName, pathParameters } = options;
  const [rawPath = '/', ...query] = (request.url ?? '/').split('?');
  const rawQueryString = query.join('?');
  const method = request.method ?? 'GET';
  const { body, isBase64Encoded } = encodeBody(request, options.body);
  const cookies = (request.headers.cookie ?? '').split(/;\s*/).filter(Boolean);
  const parameters = joinParameters(new URLSearchParams(rawQueryString));
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookies.length > 0 ? { cookies } : {}),
    headers: headersOf(request),
    ...(parameters.size > 0 ? { queryStringParameters: Object.fromEntries(parameters) } : {}),
    ...(Object.keys(pathParameters).length > 0 ? { pathParameters } : {}),
    requestContext: {
      accountId,
      apiId,
      ...(options.iam ? { authorizer: { iam: developer(accountId) } } : {}),
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method,
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId,
      routeKey,
      stage: '$default',
      time: commonLogTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded,
  };
}

const developer = (accountId: string): Record<string, unknown> => ({
  accessKey: 'local',
  accountId,
  callerId: 'local',
  cognitoIdentity: null,
  principalOrgId: null,
  userArn: `arn:aws:iam::${accountId}:user/local`,
  userId: 'local',
});

function headersOf(request: IncomingMessage): Record<string, string> {
  const entries: [string, string][] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (name === 'cookie' || value === undefined) continue;
    entries.push([name, Array.isArray(value) ? value.join(',') : value]);
  }
  return Object.fromEntries(entries);
}

/** Repeated parameters are joined by commas. */
function joinParameters(search: URLSearchParams): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of search) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return joined;
}

const TEXT = /^(?:text\/|application\/(?:json|javascript|xml|[^;]+\+(?:json|xml))(?:;|$))/i;

/** Text stays text; everything else, and what is no valid UTF-8, goes as base64, so that the bytes arrive as sent. */
function encodeBody(request: IncomingMessage, body: Uint8Array): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const bytes = Buffer.from(body);
  if (TEXT.test(request.headers['content-type'] ?? '') && request.headers['content-encoding'] === undefined) {
    const text = bytes.toString('utf8');
    if (Buffer.from(text).equals(bytes)) return { body: text, isBase64Encoded: false };
  }
  return { body: bytes.toString('base64'), isBase64Encoded: true };
}

/** `12/Mar/2020:19:03:58 +0000` */
function commonLogTime(date: Date): string {
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) ([\d:]+)/.exec(date.toUTCString()) ?? [];
  return `${day}/${month}/${year}:${time} +0000`;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

const scalar = z.union([z.string(), z.number(), z.boolean()]);
const structured = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), scalar).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(scalar)).nullish(),
  cookies: z.array(z.string()).nullish(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().nullish(),
});

export const answer = (status: number, message: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message })),
});

/** What API Gateway makes of the function's result. */
export function httpAnswer(outcome: Outcome): HttpAnswer {
  if (outcome.kind === 'error') {
    if (outcome.reason === 'timeout') return answer(504, 'Endpoint request timed out');
    if (outcome.reason === 'throttled') return answer(503, 'Service Unavailable');
    return answer(500, 'Internal Server Error');
  }
  const value: unknown = JSON.parse(outcome.payload);
  if (value === null || typeof value !== 'object' || !('statusCode' in value)) {
    // A result without status is the body of a 200.
    const body = typeof value === 'string' ? value : outcome.payload;
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  }
  const parsed = structured.safeParse(value);
  if (!parsed.success) return answer(500, 'Internal Server Error');
  const { statusCode, headers, cookies, body, isBase64Encoded } = parsed.data;
  const all: [string, string | readonly string[]][] = Object.entries(headers ?? {}).map(([name, header]) => [
    name.toLowerCase(),
    String(header),
  ]);
  if (cookies) all.push(['set-cookie', cookies]);
  return {
    status: statusCode,
    headers: Object.fromEntries(all),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}
