import type { ServerResponse } from 'node:http';
import { type Handler, scriptedServer } from '../http/scripted-server.ts';

/**
 * The parts of the vendors' APIs that mint tokens, with the answers that their documentation shows, and in front of it a
 * registry at `/v2/` that takes what is valid there and nothing else.
 */
export async function fakeRegistryApi(admin: string, now: () => Date) {
  const passwords = new Map<string, string>();
  const robots = new Map([
    ['11', 'robot$lading-a'],
    ['12', 'robot$lading-b'],
  ]);
  const issued = new Map<string, { username: string; label: string; json: Record<string, unknown> }>();
  let counter = 0;
  const json = (response: ServerResponse, status: number, body?: unknown): ServerResponse =>
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(body === undefined ? undefined : JSON.stringify(body));

  const harbor = (
    method: string,
    id: string,
    body: Record<string, unknown>,
    response: ServerResponse,
  ): ServerResponse => {
    const name = robots.get(id);
    if (name === undefined) return json(response, 404, { errors: [{ code: 'NOT_FOUND' }] });
    if (method === 'GET') return json(response, 200, { id: Number(id), name, disable: false, expires_at: -1 });
    const secret = String(body.secret);
    // Harbor's own rule for secrets (handler of RefreshSec).
    if (!(secret.length >= 8 && /[a-z]/.test(secret) && /[A-Z]/.test(secret) && /[0-9]/.test(secret))) {
      return json(response, 400, { errors: [{ code: 'BAD_REQUEST' }] });
    }
    passwords.set(name, secret);
    return json(response, 200, { secret: '' });
  };
  const quay = (robot: string, response: ServerResponse): ServerResponse => {
    const name = `acme+${robot}`;
    const token = `QUAY${++counter}`;
    passwords.set(name, token);
    return json(response, 200, { name, created: 'Fri, 10 May 2024 17:46:02 -0000', last_accessed: null, token });
  };
  const gitlab = (
    method: string,
    id: string | undefined,
    body: Record<string, unknown>,
    response: ServerResponse,
  ): ServerResponse => {
    if (method === 'GET') {
      const list = [...issued].map(([key, { username, json: made }]) => ({ ...made, id: Number(key), username }));
      return json(response, 200, list);
    }
    if (method === 'DELETE') {
      const found = issued.get(id ?? '');
      if (found === undefined) return json(response, 404, { message: '404 Not Found' });
      passwords.delete(found.username);
      issued.delete(id ?? '');
      return json(response, 204);
    }
    const key = String(++counter);
    const username = `gitlab+deploy-token-${key}`;
    const token = `gldt-${key}`;
    const made = { ...body, revoked: false, expired: false };
    issued.set(key, { username, label: String(body.name), json: made });
    passwords.set(username, token);
    return json(response, 201, { ...made, id: Number(key), username, token });
  };
  const tokensOf = new Map<string, string>();
  const artifactory = (
    method: string,
    id: string | undefined,
    body: Record<string, unknown>,
    response: ServerResponse,
  ): ServerResponse => {
    if (method === 'GET') {
      const tokens = [...issued].map(([token_id, { label }]) => ({ token_id, subject: 'x', description: label }));
      return json(response, 200, { tokens });
    }
    if (method === 'DELETE') {
      const token = tokensOf.get(id ?? '');
      if (token !== undefined) passwords.delete(token);
      return json(response, issued.delete(id ?? '') ? 200 : 204);
    }
    const key = `id-${++counter}`;
    const token = `jfrog${counter}`;
    issued.set(key, { username: String(body.username), label: String(body.description), json: body });
    tokensOf.set(key, token);
    // Beside each other: the same user name with several passwords.
    passwords.set(token, token);
    return json(response, 200, { token_id: key, access_token: token, expires_in: body.expires_in, scope: body.scope });
  };

  const handler: Handler = ({ method, path, authorization, body }, response) => {
    const url = new URL(path, 'http://x');
    if (url.pathname === '/v2/') {
      const [, given = ''] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
      const [username = '', password = ''] = Buffer.from(given, 'base64').toString().split(':');
      const valid = passwords.get(username) === password || passwords.get(password) === password;
      if (given !== '' && valid) return void response.writeHead(200).end('{}');
      return void response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
    }
    if (authorization !== admin)
      return json(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: authorization }] });
    const parsed = body.length === 0 ? {} : (JSON.parse(body.toString()) as Record<string, unknown>);
    const [, robot] = /^\/api\/v2\.0\/robots\/(\d+)$/.exec(url.pathname) ?? [];
    if (robot !== undefined) return harbor(method, robot, parsed, response);
    const [, short] = /^\/api\/v1\/organization\/acme\/robots\/(lading_[ab])\/regenerate$/.exec(url.pathname) ?? [];
    if (short !== undefined && method === 'POST') return quay(short, response);
    const [deploy, id] = /^\/api\/v4\/projects\/acme%2Fapp\/deploy_tokens(?:\/(\d+))?$/.exec(url.pathname) ?? [];
    if (deploy !== undefined) return gitlab(method, id, parsed, response);
    const [token, tokenId] = /^\/access\/api\/v1\/tokens(?:\/([\w-]+))?$/.exec(url.pathname) ?? [];
    if (token !== undefined) return artifactory(method, tokenId, parsed, response);
    return json(response, 404, { at: now().toISOString() });
  };
  const server = await scriptedServer(handler);
  return {
    server,
    passwords,
    issued,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
    },
  };
}
