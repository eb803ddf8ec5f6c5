import type { RouteDefinition } from '../template/backends.ts';

export interface RouteMatch {
  readonly route: RouteDefinition;
  readonly pathParameters: Readonly<Record<string, string>>;
}

interface CompiledRoute {
  readonly route: RouteDefinition;
  readonly method: string;
  readonly segments: readonly string[];
  /** Higher wins; see `rank`. */
  readonly rank: string;
}

const GREEDY = /^\{([^}]+)\+\}$/;
const VARIABLE = /^\{([^}]+)\}$/;

/** The routes of one API, the most specific first. */
export function compileRoutes(routes: readonly RouteDefinition[]): readonly CompiledRoute[] {
  return routes
    .map((route) => {
      const [method = '', path = ''] = route.routeKey === '$default' ? ['$default', ''] : route.routeKey.split(' ');
      const segments = path.split('/').slice(1);
      return { route, method, segments, rank: rank(method, segments) };
    })
    .sort((a, b) => (a.rank < b.rank ? 1 : a.rank > b.rank ? -1 : 0));
}

/**
 * "Working with routes for HTTP APIs": a full match before a greedy variable, that before `$default`; a literal segment
 * is more specific than a variable, a method than ANY.
 */
function rank(method: string, segments: readonly string[]): string {
  if (method === '$default') return '';
  const greedy = segments.some((segment) => GREEDY.test(segment));
  const path = segments.map((segment) => (GREEDY.test(segment) ? '1' : VARIABLE.test(segment) ? '2' : '3')).join('');
  return `${greedy ? '1' : '2'}${path.padEnd(64, '0')}${method === 'ANY' ? '0' : '1'}`;
}

export function matchRoute(routes: readonly CompiledRoute[], method: string, path: string): RouteMatch | undefined {
  const parts = path.split('/').slice(1);
  for (const { route, method: wanted, segments } of routes) {
    if (wanted === '$default') return { route, pathParameters: {} };
    if (wanted !== 'ANY' && wanted !== method) continue;
    const pathParameters = matchSegments(segments, parts);
    if (pathParameters !== undefined) return { route, pathParameters };
  }
  return undefined;
}

function matchSegments(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const found: [string, string][] = [];
  for (const [index, segment] of segments.entries()) {
    const [, greedy] = GREEDY.exec(segment) ?? [];
    if (greedy !== undefined) {
      const rest = parts.slice(index).join('/');
      return rest === '' ? undefined : Object.fromEntries([...found, [greedy, decode(rest)]]);
    }
    const part = parts[index];
    if (part === undefined) return undefined;
    const [, variable] = VARIABLE.exec(segment) ?? [];
    if (variable === undefined ? segment !== part : part === '') return undefined;
    if (variable !== undefined) found.push([variable, decode(part)]);
  }
  return parts.length === segments.length ? Object.fromEntries(found) : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
