import type { CorsDefinition } from '../template/backends.ts';
import type { HttpAnswer } from './http-event.ts';

/** The headers that API Gateway adds for an allowed origin; none for another. */
export function corsHeaders(cors: CorsDefinition, origin: string): Record<string, string> {
  const allowed = cors.origins.includes('*') || cors.origins.includes(origin);
  if (!allowed) return {};
  return {
    'access-control-allow-origin': cors.origins.includes('*') && !cors.credentials ? '*' : origin,
    ...(cors.credentials ? { 'access-control-allow-credentials': 'true' } : {}),
    ...(cors.exposeHeaders.length > 0 ? { 'access-control-expose-headers': cors.exposeHeaders.join(',') } : {}),
  };
}

export function preflight(cors: CorsDefinition, origin: string): HttpAnswer {
  const headers = corsHeaders(cors, origin);
  if (Object.keys(headers).length === 0) return { status: 204, headers: {}, body: new Uint8Array() };
  return {
    status: 204,
    headers: {
      ...headers,
      'access-control-allow-methods': cors.methods.join(','),
      'access-control-allow-headers': cors.headers.join(','),
      ...(cors.maxAgeSeconds === undefined ? {} : { 'access-control-max-age': String(cors.maxAgeSeconds) }),
    },
    body: new Uint8Array(),
  };
}
