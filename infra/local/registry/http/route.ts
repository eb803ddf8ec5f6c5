import { isRepositoryName } from '../../../../lib/core/image-reference.ts';
import { OciError } from '../errors.ts';

/** An address of distribution-spec 1.1, "Endpoints", by its path. `reference`, `digest` and `id` are not yet checked. */
export type Route =
  | { readonly kind: 'base' }
  | { readonly kind: 'catalog' }
  | { readonly kind: 'uploads'; readonly repository: string }
  | { readonly kind: 'upload'; readonly repository: string; readonly id: string }
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'manifest'; readonly repository: string; readonly reference: string }
  | { readonly kind: 'tags'; readonly repository: string }
  | { readonly kind: 'referrers'; readonly repository: string; readonly digest: string };

/**
 * Finds the route from the end of the path, since a repository name may itself hold `blobs` or `manifests`.
 *
 * @throws OciError 400 `NAME_INVALID` for a name outside the grammar (so no `..`, no empty segment ever gets on),
 *   404 for any other path
 */
export function parseRoute(path: string): Route {
  const segments = decode(path).split('/');
  if (segments.shift() !== '' || segments.shift() !== 'v2') throw unknown();
  if (segments.length === 0 || (segments.length === 1 && segments[0] === '')) return { kind: 'base' };
  if (segments.length === 1 && segments[0] === '_catalog') return { kind: 'catalog' };
  const [third, second, last] = [segments.at(-3), segments.at(-2), segments.at(-1) as string];
  const name = (parts: number): string => checkName(segments.slice(0, -parts).join('/'));
  if (third === 'blobs' && second === 'uploads') {
    const repository = name(3);
    return last === '' ? { kind: 'uploads', repository } : { kind: 'upload', repository, id: last };
  }
  if (second === 'blobs' && last === 'uploads') return { kind: 'uploads', repository: name(2) };
  if (second === 'blobs') return { kind: 'blob', repository: name(2), digest: last };
  if (second === 'manifests') return { kind: 'manifest', repository: name(2), reference: last };
  if (second === 'referrers') return { kind: 'referrers', repository: name(2), digest: last };
  if (second === 'tags' && last === 'list') return { kind: 'tags', repository: name(2) };
  throw unknown();
}

const unknown = (): OciError => new OciError(404, 'UNSUPPORTED', 'the registry has no such address');

function decode(path: string): string {
  try {
    // Once: what is still encoded afterwards is no name, tag or digest.
    return decodeURIComponent(path);
  } catch {
    throw new OciError(400, 'NAME_INVALID', 'the path is not valid percent-encoding');
  }
}

function checkName(name: string): string {
  if (isRepositoryName(name)) return name;
  throw new OciError(400, 'NAME_INVALID', `${JSON.stringify(name.slice(0, 100))} is not a repository name`);
}
