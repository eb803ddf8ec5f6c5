import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Clock } from '../../../lib/core/clock.ts';
import { describeError } from '../../../lib/core/errors.ts';
import type { LocalService, RequiredPermission, ServiceRequest, ServiceResponse } from '../services/service.ts';
import { type Caller, type CredentialBook, DEVELOPER_KEY } from './credentials.ts';
import { facadeError } from './errors.ts';
import type { AccessControl, Decision } from './iam/access-control.ts';
import type { ConditionContext } from './iam/conditions.ts';
import { close, isLoopbackHost, listen, readLimited } from './loopback.ts';
import { type CredentialScope, credentialScope } from './sigv4.ts';

export interface FacadeOptions {
  readonly accountId: string;
  readonly credentials: CredentialBook;
  readonly access: AccessControl;
  readonly clock: Clock;
  /** A call failed inside of a service: that is a fault of the local stack. */
  readonly onFault: (service: string, why: string) => void;
}

/** Every JSON-protocol service has smaller limits of its own. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/**
 * One address for all services: unmodified SDK clients come here by AWS_ENDPOINT_URL. The credential scope of the
 * signature names service and region, the access key id the caller; signatures are not verified, as whoever reaches
 * the loopback address could read the keys as well.
 */
export class Facade {
  readonly #options: FacadeOptions;
  readonly #services = new Map<string, LocalService>();
  readonly #server: Server;
  #endpoint = '';
  /** The account that callers are of; known when the template is read. */
  accountId: string;

  constructor(options: FacadeOptions) {
    this.#options = options;
    this.accountId = options.accountId;
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  add(service: LocalService): void {
    this.#services.set(service.name, service);
  }

  /** @throws LadingError `port-in-use` or `port-forbidden` */
  async listen(port: number): Promise<string> {
    this.#endpoint = `http://127.0.0.1:${await listen(this.#server, port, 'the AWS facade')}`;
    return this.#endpoint;
  }

  /** Decides for a door beside this one (the data plane of a registry), and keeps what was denied and used. */
  authorize(role: string, permission: RequiredPermission): boolean {
    const region = permission.resource.split(':')[3] ?? '';
    return this.#decide({ region, accountId: this.accountId }, permission, role, 'enforce').allowed;
  }

  async close(): Promise<void> {
    await close(this.#server);
    for (const service of this.#services.values()) await service.close?.();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: ServiceResponse;
    try {
      answer = await this.#answer(request);
    } catch (error) {
      answer = facadeError('', 500, 'InternalFailure', describeError(error));
    }
    try {
      await send(request, response, answer);
    } catch {
      response.destroy(); // the client went away, or the body broke off: a cut connection tells it so
    }
  }

  async #answer(request: IncomingMessage): Promise<ServiceResponse> {
    if (!isLoopbackHost(request.headers.host)) return facadeError('', 403, 'Forbidden', 'this is a local service');
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const scope = credentialScope(request.headers, url.searchParams);
    if (scope === undefined) {
      const hint = `sign with the access key "${DEVELOPER_KEY.accessKeyId}" and the secret "${DEVELOPER_KEY.secretAccessKey}"`;
      return facadeError('', 403, 'MissingAuthenticationToken', `the request is not signed: ${hint}`);
    }
    const service = this.#services.get(scope.service);
    if (service === undefined) {
      const known = [...this.#services.keys()].join(', ');
      const message = `the local stack has no service "${scope.service}"; it has ${known}`;
      return facadeError(scope.service, 501, 'UnknownOperationException', message);
    }
    const caller = this.#options.credentials.caller(scope.accessKeyId);
    if (caller === undefined) {
      return facadeError(scope.service, 403, 'UnrecognizedClientException', 'the access key id is not known here');
    }
    return await this.#call(service, request, url, scope, caller);
  }

  async #call(
    service: LocalService,
    request: IncomingMessage,
    url: URL,
    scope: CredentialScope,
    caller: Caller,
  ): Promise<ServiceResponse> {
    const role = caller.kind === 'role' ? caller.name : undefined;
    const head: Omit<ServiceRequest, 'body'> = {
      method: request.method ?? 'GET',
      url,
      rawTarget: request.url ?? '/',
      headers: lowerCaseHeaders(request),
      region: scope.region,
      accountId: this.accountId,
      principal: role,
      ...(role === undefined ? {} : { allows: (permission) => this.#decide(head, permission, role, 'ask').allowed }),
    };
    let body: Uint8Array = new Uint8Array();
    let stream: AsyncIterable<Uint8Array> = request;
    if (service.streams?.({ ...head, body: stream }) !== true) {
      try {
        body = await readLimited(request, MAX_JSON_BYTES);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        return facadeError(service.name, 413, 'RequestEntityTooLarge', error.message);
      }
      stream = once(body);
    }
    const serviceRequest: ServiceRequest = { ...head, body: stream };
    try {
      const denied = role === undefined ? undefined : this.#deny(service, serviceRequest, body, role);
      return denied ?? (await service.handle(serviceRequest));
    } catch (error) {
      this.#options.onFault(service.name, describeError(error));
      return facadeError(service.name, 500, 'InternalFailure', describeError(error));
    }
  }

  #deny(service: LocalService, request: ServiceRequest, body: Uint8Array, role: string): ServiceResponse | undefined {
    for (const permission of service.authorize(request, body)) {
      const decision = this.#decide(request, permission, role, 'enforce');
      if (decision.allowed) continue;
      const { action, resource } = permission;
      const who = `arn:aws:sts::${this.accountId}:assumed-role/${role}`;
      const message = `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${decision.why}`;
      return facadeError(service.name, service.name === 's3' ? 403 : 400, accessDeniedCode(service.name), message);
    }
    return undefined;
  }

  #decide(
    request: Pick<ServiceRequest, 'region' | 'accountId'>,
    permission: RequiredPermission,
    role: string,
    purpose: 'enforce' | 'ask',
  ): Decision {
    const { access, clock } = this.#options;
    const context = conditionContext(request, access.roleArn(role), permission.context ?? {});
    if (purpose === 'ask') return access.decide(role, permission, context);
    return access.check(role, permission, context, clock.now());
  }
}

/** A body that was read already, as a stream for whoever reads it next. */
async function* once(body: Uint8Array): AsyncIterable<Uint8Array> {
  if (body.length > 0) yield body;
}

const accessDeniedCode = (service: string): string => (service === 's3' ? 'AccessDenied' : 'AccessDeniedException');

function conditionContext(
  { region, accountId }: Pick<ServiceRequest, 'region' | 'accountId'>,
  roleArn: string | undefined,
  own: Readonly<Record<string, string | readonly string[]>>,
): ConditionContext {
  const context = new Map<string, readonly string[]>([
    ['aws:requestedregion', [region]],
    ['aws:principalaccount', [accountId]],
    ['aws:resourceaccount', [accountId]],
    // TLS is what a deployed function would use; on the loopback address there is none.
    ['aws:securetransport', ['true']],
  ]);
  if (roleArn !== undefined) context.set('aws:principalarn', [roleArn]);
  for (const [key, value] of Object.entries(own)) {
    context.set(key.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return context;
}

function lowerCaseHeaders(request: IncomingMessage): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return headers;
}

async function send(request: IncomingMessage, response: ServerResponse, answer: ServiceResponse): Promise<void> {
  const { status, headers = {}, body } = answer;
  const known = typeof body === 'string' || body instanceof Uint8Array ? Buffer.byteLength(body) : undefined;
  response.writeHead(status, {
    'x-amzn-requestid': randomUUID(),
    ...headers,
    ...(known !== undefined && request.method !== 'HEAD' ? { 'content-length': known } : {}),
  });
  if (body === undefined || request.method === 'HEAD') response.end();
  else if (known !== undefined) response.end(body);
  else await pipeline(body as AsyncIterable<Uint8Array>, response);
  // What was refused unread is read away, so that the client gets to see the answer.
  if (!request.readableEnded) request.resume();
}
