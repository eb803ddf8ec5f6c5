import { LadingError } from '../../../core/errors.ts';
import { parseJsonStrict } from '../../../core/json.ts';
import { registryError } from '../../errors.ts';
import { collectContent } from '../../verify-content.ts';
import { startDeadline } from '../http/deadline.ts';
import { createOriginPolicy } from '../http/origin-policy.ts';
import { createTransport, type HttpRequest, type HttpResponse, type TransportOptions } from '../http/transport.ts';

export interface ServiceCall {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

export interface ServiceAnswer {
  readonly status: number;
  /** Undefined where the body is empty or no JSON. */
  readonly json: unknown;
  readonly headers: HttpResponse['headers'];
}

export interface ServiceOptions {
  /** Plain http, and private addresses: as the registry's own entry says, for services that stand beside it. */
  readonly allowInsecure?: boolean;
  readonly allowPrivate?: boolean;
  readonly transport?: TransportOptions;
  /** For everything, in milliseconds. @default 30 s */
  readonly timeMs?: number;
  /** Of the answer. @default 1 MiB */
  readonly maxBytes?: number;
}

const TIME_MS = 30_000;
const MAX_BYTES = 1024 * 1024;

/**
 * One request to a service that takes or gives secrets: to the URL's own host at an address that was checked, without
 * following anything, and with an end to time and bytes. Neither errors nor logs hold what was sent or answered.
 *
 * @throws LadingError `registry-unavailable`, `registry-protocol`, `address-blocked`, `credentials-invalid`
 */
export async function callService(call: ServiceCall, options: ServiceOptions = {}): Promise<ServiceAnswer> {
  const { allowInsecure = false, allowPrivate = false, timeMs = TIME_MS, maxBytes = MAX_BYTES } = options;
  const { host } = call.url;
  const policy = createOriginPolicy({ base: call.url, allowHosts: [], allowInsecure, allowPrivate });
  policy.check(call.url, 'the service');
  const transport = createTransport(policy, { idleTimeoutMs: Math.max(timeMs, 60_000), ...options.transport });
  const deadline = startDeadline(undefined, timeMs, `an answer of ${host}`);
  try {
    const response = await transport.send({ ...requestOf(call), signal: deadline.signal });
    if (response.status >= 300 && response.status < 400) {
      response.discard();
      throw registryError('registry-protocol', `${host} answered with a redirect, which is not followed`);
    }
    return { status: response.status, json: await readBody(response, host, maxBytes), headers: response.headers };
  } finally {
    deadline.clear();
    transport.close();
  }
}

function requestOf({ method, url, headers = {}, form, json }: ServiceCall): HttpRequest {
  for (const [name, value] of Object.entries(headers)) {
    // Node refuses a line end too; this says which header it was before anything is connected.
    if (/^[\x20-\x7e]*$/.test(value)) continue;
    throw new LadingError('credentials-invalid', `the header "${name}" would hold a line end or control character`);
  }
  const common = { accept: 'application/json', ...headers };
  if (form === undefined && json === undefined) return { method, url, headers: common };
  const body = Buffer.from(form === undefined ? JSON.stringify(json) : new URLSearchParams(form).toString());
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  return {
    method,
    url,
    headers: { ...common, 'content-type': type, 'content-length': String(body.length) },
    body,
  };
}

async function readBody(response: HttpResponse, host: string, maxBytes: number): Promise<unknown> {
  let bytes: Uint8Array;
  try {
    bytes = await collectContent(response.body, maxBytes, `the answer of ${host}`);
  } catch (error) {
    if (error instanceof LadingError && error.code !== 'limit-exceeded') throw error;
    throw registryError('registry-protocol', `${host} answered with more than ${maxBytes} bytes`);
  }
  try {
    return bytes.length === 0 ? undefined : parseJsonStrict(bytes, { maxBytes });
  } catch {
    return undefined;
  }
}
