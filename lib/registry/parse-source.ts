import { describeError } from '../core/errors.ts';
import { type ImageReference, parseImageReference } from '../core/image-reference.ts';
import { registryError } from './errors.ts';

/** Where an image is to be read from, as a person writes it. */
export type ImageSource =
  | { readonly kind: 'oci-layout'; readonly directory: string; readonly reference?: string }
  | { readonly kind: 'oci-archive'; readonly file: string; readonly reference?: string }
  | { readonly kind: 'docker-archive'; readonly file: string; readonly reference?: string }
  | { readonly kind: 'registry'; readonly image: ImageReference };

const FORM = 'oci:DIR[:REF], oci-archive:FILE[:REF], docker-archive:FILE[:REF] or registry.example/repository:tag';

/**
 * Reads a source in the notation of containers-transports(5), or an image reference with its registry.
 *
 * @throws LadingError `source-invalid`
 */
export function parseSource(text: string): ImageSource {
  const transport = /^(oci|oci-archive|docker-archive|docker):/.exec(text)?.[1];
  const rest = transport === undefined ? text : text.slice(transport.length + 1);
  switch (transport) {
    case 'oci': {
      const { path, ...reference } = splitPath(rest, text);
      return { kind: 'oci-layout', directory: path, ...reference };
    }
    case 'oci-archive':
    case 'docker-archive': {
      const { path, ...reference } = splitPath(rest, text);
      return { kind: transport, file: path, ...reference };
    }
    default:
      return { kind: 'registry', image: parseRegistryReference(rest.replace(/^\/\//, ''), text) };
  }
}

/** The path ends at the first colon, but for that of a drive letter (`C:\images`). */
function splitPath(rest: string, whole: string): { readonly path: string; readonly reference?: string } {
  const drive = /^[A-Za-z]:[\\/]/.test(rest) ? 2 : 0;
  const colon = rest.indexOf(':', drive);
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const reference = colon < 0 ? '' : rest.slice(colon + 1);
  if (path === '') throw registryError('source-invalid', `"${whole.slice(0, 300)}" names no path`, { hint: FORM });
  return reference === '' ? { path } : { path, reference };
}

function parseRegistryReference(text: string, whole: string): ImageReference {
  try {
    const image = parseImageReference(text);
    return image.tag === undefined && image.digest === undefined ? { ...image, tag: 'latest' } : image;
  } catch (error) {
    const why = `"${whole.slice(0, 300)}" is not an image source: ${describeError(error)}`;
    throw registryError('source-invalid', why, { hint: FORM, cause: error });
  }
}
