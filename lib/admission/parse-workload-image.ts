import { isLadingError } from '../core/errors.ts';
import { type ImageReference, parseImageReference } from '../core/image-reference.ts';

/**
 * Reads an image's name as container runtimes do (distribution/reference, "ParseNormalizedNamed"): without a host it is
 * Docker Hub's, where a name of one part is in `library/`; without tag and digest the tag is `latest`. What is checked
 * must be what the runtime would pull, so here, and only here, names are completed.
 */
export function parseWorkloadImage(image: string): ImageReference | undefined {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost' || first !== first.toLowerCase();
  const host = hasHost ? (first === 'index.docker.io' ? 'docker.io' : first) : 'docker.io';
  const rest = hasHost ? image.slice(slash + 1) : image;
  const name = host === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest;
  try {
    const parsed = parseImageReference(`${host}/${name}`);
    return parsed.tag === undefined && parsed.digest === undefined ? { ...parsed, tag: 'latest' } : parsed;
  } catch (error) {
    if (isLadingError(error)) return undefined;
    throw error;
  }
}
