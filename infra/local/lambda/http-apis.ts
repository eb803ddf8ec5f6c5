import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { close, isLoopbackHost, isOwnOrigin, listen, readLimited } from '../facade/loopback.ts';
import type { ApiBackend, CorsDefinition, RouteDefinition } from '../template/backends.ts';
import { corsHeaders, preflight } from './cors.ts';
import { answer, type HttpAnswer, httpAnswer, httpEvent } from './http-event.ts';
import { compileRoutes, matchRoute } from './http-routes.ts';
import type { Outcome } from './model.ts';

export interface HttpApisOptions {
  /** Ports by order of creation; those that are not named are chosen by the system. */
  readonly ports: readonly number[];
  readonly invoke: (functionArn: string, event: unknown) => Promise<Outcome>;
}

/** API Gateway takes 10 MB, and the function behind it 6 MB. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

interface Api {
  readonly apiId: string;
  readonly accountId: string;
  readonly region: string;
  readonly endpoint: string;
  readonly cors: CorsDefinition | undefined;
  readonly server: Server;
  routes: ReturnType<typeof compileRoutes>;
  readonly definitions: RouteDefinition[];
}

export interface ApiAddress {
  readonly name: string;
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
}

/** HTTP APIs and function URLs, each on a port of its own on this machine. */
export class HttpApis implements ApiBackend {
  readonly #options: HttpApisOptions;
  readonly #apis = new Map<string, Api>();
  readonly addresses: ApiAddress[] = [];

  constructor(options: HttpApisOptions) {
    this.#options = options;
  }

  async createApi(api: Parameters<ApiBackend['createApi']>[0]): Promise<{ readonly endpoint: string }> {
    return await this.#open({ ...api, name: api.name });
  }

  addRoute(route: RouteDefinition): void {
    const api = this.#apis.get(route.apiId);
    if (api === undefined) return;
    api.definitions.push(route);
    api.routes = compileRoutes(api.definitions);
  }

  async createFunctionUrl(url: Parameters<ApiBackend['createFunctionUrl']>[0]): Promise<{ readonly endpoint: string }> {
    const { urlId, functionArn, authorization, ...place } = url;
    const opened = await this.#open({ ...place, apiId: urlId, name: functionArn.split(':').at(-1) ?? urlId });
    this.addRoute({ apiId: urlId, routeKey: '$default', functionArn, authorization });
    return opened;
  }

  /**
   * The address that AWS would give the API, with the one it has here: `https://<id>.execute-api.<region>.…` in a
   * variable or output is where the caller has to go.
   */
  localise(text: string): string {
    let local = text;
    for (const { apiId, region, endpoint } of this.#apis.values()) {
      local = local.replaceAll(`https://${apiId}.execute-api.${region}.amazonaws.com`, endpoint);
    }
    return local;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apis.values()].map(({ server }) => close(server)));
  }

  async #open(of: {
    readonly apiId: string;
    readonly name: string;
    readonly region: string;
    readonly accountId: string;
    readonly cors: CorsDefinition | undefined;
  }): Promise<{ readonly endpoint: string }> {
    const { apiId, name, region, accountId, cors } = of;
    const server = createServer((request, response) => void this.#serve(apiId, request, response));
    const port = await listen(server, this.#options.ports[this.addresses.length] ?? 0, `the API ${name}`);
    const endpoint = `http://127.0.0.1:${port}`;
    this.#apis.set(apiId, { apiId, accountId, region, endpoint, cors, server, routes: [], definitions: [] });
    this.addresses.push({ name, endpoint });
    return { endpoint };
  }

  async #serve(apiId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let result: HttpAnswer;
    try {
      result = await this.#answer(apiId, request);
    } catch (error) {
      result =
        error instanceof RangeError ? answer(413, 'Request Entity Too Large') : answer(500, 'Internal Server Error');
    }
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of Object.entries(result.headers)) {
      if (name !== 'content-length' && name !== 'transfer-encoding' && name !== 'connection') {
        headers[name] = typeof value === 'string' ? value : [...value];
      }
    }
    response.writeHead(result.status, { ...headers, 'content-length': result.body.length });
    response.end(request.method === 'HEAD' ? undefined : result.body);
    if (!request.readableEnded) request.resume();
  }

  async #answer(apiId: string, request: IncomingMessage): Promise<HttpAnswer> {
    const api = this.#apis.get(apiId);
    if (api === undefined || !isLoopbackHost(request.headers.host)) return answer(403, 'Forbidden');
    const origin = request.headers.origin;
    if (api.cors !== undefined && request.method === 'OPTIONS' && origin !== undefined)
      return preflight(api.cors, origin);
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const match = matchRoute(api.routes, request.method ?? 'GET', path);
    if (match === undefined) return answer(404, 'Not Found');
    const { route, pathParameters } = match;
    const iam = route.authorization !== 'NONE';
    // Whoever can reach the loopback address is the developer; a web page of somebody else is not.
    if (iam && !isOwnOrigin(request)) return answer(403, 'Forbidden');
    const event = httpEvent({
      request,
      body: await readLimited(request, MAX_BODY_BYTES),
      requestId: randomUUID(),
      apiId,
      accountId: api.accountId,
      routeKey: route.routeKey,
      pathParameters,
      domainName: request.headers.host ?? '127.0.0.1',
      iam,
      now: new Date(),
    });
    const result = httpAnswer(await this.#options.invoke(route.functionArn, event));
    if (api.cors === undefined || origin === undefined) return result;
    return { ...result, headers: { ...result.headers, ...corsHeaders(api.cors, origin) } };
  }
}
