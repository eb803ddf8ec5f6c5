import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpApis } from '../../../../infra/local/lambda/http-apis.ts';
import { compileRoutes, matchRoute } from '../../../../infra/local/lambda/http-routes.ts';
import type { Outcome } from '../../../../infra/local/lambda/model.ts';
import type { RouteDefinition } from '../../../../infra/local/template/backends.ts';
import { place } from '../support/functions.ts';

type Event = Record<string, unknown> & {
  body?: string;
  isBase64Encoded: boolean;
  requestContext: Record<string, unknown>;
};
const success = (value: unknown): Outcome => ({ kind: 'success', payload: JSON.stringify(value), durationMs: 1 });
const route = (routeKey: string, authorization: RouteDefinition['authorization'] = 'NONE'): RouteDefinition => ({
  apiId: 'api',
  routeKey,
  functionArn: `fn:${routeKey}`,
  authorization,
});

describe('an HTTP API', () => {
  let endpoint: string;
  let respond: (event: Event, arn: string) => Outcome = (event) =>
    success({ statusCode: 200, body: JSON.stringify(event) });
  const echo = respond;
  const apis = new HttpApis({ ports: [], invoke: async (arn, event) => respond(event as Event, arn) });
  beforeAll(async () => {
    const cors = {
      origins: ['https://app.example'],
      methods: ['GET'],
      headers: ['x-a'],
      exposeHeaders: [],
      maxAgeSeconds: 60,
      credentials: false,
    };
    ({ endpoint } = await apis.createApi({ apiId: 'api', name: 'Api', cors, ...place }));
    for (const key of ['POST /hook/{source}', 'ANY /{proxy+}']) apis.addRoute(route(key));
    apis.addRoute(route('GET /private', 'AWS_IAM'));
  });
  afterAll(() => apis.close());
  const seen = async (path: string, init?: RequestInit): Promise<Event> =>
    (await (await fetch(`${endpoint}${path}`, init)).json()) as Event;

  it('makes an event of payload format 2.0', async () => {
    respond = echo;
    const event = await seen('/hook/a%20b?x=1&x=2&y=%C3%A9', {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'a=1; b=2', 'X-Thing': 'T' },
      body: '{"ä":1}',
    });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /hook/{source}',
      rawPath: '/hook/a%20b',
      rawQueryString: 'x=1&x=2&y=%C3%A9',
      queryStringParameters: { x: '1,2', y: 'é' },
      pathParameters: { source: 'a b' },
      cookies: ['a=1', 'b=2'],
      headers: { 'x-thing': 'T', 'content-type': 'application/json' },
      body: '{"ä":1}',
      isBase64Encoded: false,
      requestContext: {
        accountId: '111122223333',
        apiId: 'api',
        stage: '$default',
        time: expect.stringMatching(/^\d{2}\/\w{3}\/\d{4}:\d{2}:\d{2}:\d{2} \+0000$/),
        http: { method: 'POST', path: '/hook/a%20b', sourceIp: '127.0.0.1', protocol: 'HTTP/1.1' },
      },
    });
    expect((event.headers as Record<string, string>).cookie).toBeUndefined();
    expect(event.requestContext.authorizer).toBeUndefined();
  });

  it('carries every body byte for byte', async () => {
    respond = ({ body = '', isBase64Encoded }) =>
      success({
        statusCode: 200,
        body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8').toString('base64'),
        isBase64Encoded: true,
      });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 64 }),
        fc.constantFrom(
          'application/json',
          'text/plain',
          'application/octet-stream',
          'application/x-www-form-urlencoded',
        ),
        async (bytes, type) => {
          const answer = await fetch(`${endpoint}/any`, {
            method: 'POST',
            headers: { 'content-type': type },
            body: Buffer.from(bytes),
          });
          expect(new Uint8Array(await answer.arrayBuffer())).toEqual(bytes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('answers with status, headers and cookies of the function', async () => {
    respond = () =>
      success({
        statusCode: 201,
        headers: { 'X-A': 'b', 'content-length': '999' },
        cookies: ['s=1; Path=/', 't=2'],
        body: 'hi',
      });
    const answer = await fetch(`${endpoint}/x`);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-a')).toBe('b');
    expect(answer.headers.getSetCookie()).toEqual(['s=1; Path=/', 't=2']);
    expect(await answer.text()).toBe('hi');
    respond = () => success({ plain: true });
    const plain = await fetch(`${endpoint}/x`);
    expect([plain.status, plain.headers.get('content-type'), await plain.json()]).toEqual([
      200,
      'application/json',
      { plain: true },
    ]);
  });

  it.each<[string, Outcome, number]>([
    [
      'throws',
      { kind: 'error', reason: 'handled', error: { errorType: 'E', errorMessage: 'secret', trace: [] }, durationMs: 1 },
      500,
    ],
    [
      'times out',
      { kind: 'error', reason: 'timeout', error: { errorType: 'E', errorMessage: '', trace: [] }, durationMs: 1 },
      504,
    ],
    [
      'is throttled',
      { kind: 'error', reason: 'throttled', error: { errorType: 'E', errorMessage: '', trace: [] }, durationMs: 1 },
      503,
    ],
    ['answers nonsense', success({ statusCode: 'x' }), 500],
  ])('a function that %s', async (_what, outcome, status) => {
    respond = () => outcome;
    const answer = await fetch(`${endpoint}/x`);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('secret');
  });

  it('takes whoever is on this machine for the developer, but not the web page of somebody else', async () => {
    respond = echo;
    const event = await seen('/private', { headers: { origin: 'http://localhost:5173' } });
    expect(event.requestContext).toMatchObject({ authorizer: { iam: { accessKey: 'local' } } });
    expect((await fetch(`${endpoint}/private`, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await fetch(`${endpoint}/private`, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await fetch(`${endpoint}/open`, { headers: { origin: 'https://evil.example' } })).status).toBe(200);
    const rebound = await new Promise<number | undefined>((resolve) => {
      request(`${endpoint}/open`, { headers: { host: 'evil.example' } }, ({ statusCode }) => resolve(statusCode)).end();
    });
    expect(rebound).toBe(403);
  });

  it('answers CORS as declared, and a path without route or a body too large with an error', async () => {
    respond = echo;
    const preflight = await fetch(`${endpoint}/x`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET');
    const plain = await fetch(`${endpoint}/x`, { headers: { origin: 'https://app.example' } });
    expect(plain.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect((await fetch(`${endpoint}/`)).status).toBe(404);
    const large = await fetch(`${endpoint}/x`, { method: 'POST', body: new Uint8Array(6 * 1024 * 1024 + 1) });
    expect(large.status).toBe(413);
  });

  it('is a function URL, too, and knows where AWS addresses lead here', async () => {
    respond = (_event, arn) => success({ statusCode: 200, body: arn });
    const url = await apis.createFunctionUrl({
      urlId: 'url',
      functionArn: 'arn:x:fn',
      authorization: 'NONE',
      cors: undefined,
      ...place,
    });
    expect(await (await fetch(`${url.endpoint}/any/path`)).text()).toBe('arn:x:fn');
    expect(apis.localise('a https://api.execute-api.eu-central-1.amazonaws.com/b')).toBe(`a ${endpoint}/b`);
    expect(apis.addresses).toEqual([
      { name: 'Api', endpoint },
      { name: 'fn', endpoint: url.endpoint },
    ]);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(endpoint).port);
    const other = new HttpApis({ ports: [port], invoke: async () => success(1) });
    await expect(other.createApi({ apiId: 'o', name: 'Other', cors: undefined, ...place })).rejects.toMatchObject({
      code: 'port-in-use',
      message: `port ${port} of 127.0.0.1, meant for the API Other, is taken`,
    });
  });
});

describe('routes', () => {
  const match = (keys: readonly string[], method: string, path: string) => {
    const found = matchRoute(compileRoutes(keys.map((key) => route(key))), method, path);
    return found && [found.route.routeKey, found.pathParameters];
  };
  // The example of "Working with routes for HTTP APIs".
  const documented = ['GET /pets/dog/1', 'GET /pets/dog/{id}', 'GET /pets/{proxy+}', 'ANY /{proxy+}', '$default'];
  it.each([
    ['GET', '/pets/dog/1', ['GET /pets/dog/1', {}]],
    ['GET', '/pets/dog/2', ['GET /pets/dog/{id}', { id: '2' }]],
    ['GET', '/pets/cat/1', ['GET /pets/{proxy+}', { proxy: 'cat/1' }]],
    ['POST', '/test/5', ['ANY /{proxy+}', { proxy: 'test/5' }]],
    ['GET', '/', ['$default', {}]],
  ])('%s %s', (method, path, expected) => {
    expect(match(documented, method, path)).toEqual(expected);
    expect(match([...documented].reverse(), method, path)).toEqual(expected);
  });
  it('prefers the method over ANY and finds nothing without a route', () => {
    expect(match(['ANY /a', 'GET /a'], 'GET', '/a')?.[0]).toBe('GET /a');
    expect(match(['ANY /a', 'GET /a'], 'PUT', '/a')?.[0]).toBe('ANY /a');
    expect(match(['GET /a'], 'GET', '/a/b')).toBeUndefined();
    expect(match(['GET /a/{b}'], 'GET', '/a/')).toBeUndefined();
  });
});
