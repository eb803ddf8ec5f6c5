import { isDigest } from '../../core/digest.ts';
import { isRepositoryName } from '../../core/image-reference.ts';
import { type OpenedSource, openSource } from '../../registry/adapters/open-source.ts';
import { type ImageSource, parseSource } from '../../registry/index.ts';
import { fromCaller, localStack } from '../connection.ts';
import { namedRegistries } from './registries.ts';

export interface NamedImage extends OpenedSource {
  /** Where it is, for the SBOM: a registry has a name, a layout or archive only that of its ref. */
  readonly name: { readonly registry?: string; readonly repository?: string };
}

export interface ImageAccess {
  readonly plainHttp?: boolean | undefined;
  readonly data?: string | undefined;
}

/**
 * Opens the image that a person names: `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]`, or a
 * reference with its registry. Paths are relative to the folder of the caller.
 *
 * @throws LadingError `source-invalid`, `reference-unknown`, and those of registries
 */
export async function openImage(text: string, access: ImageAccess): Promise<NamedImage> {
  const source = fromCallersFolder(parseSource(text));
  const stack = source.kind === 'registry' ? localStack(access.data) : undefined;
  const opened = await openSource(source, namedRegistries({ stack, plainHttp: access.plainHttp }));
  return { ...opened, name: nameOf(source, opened.reference) };
}

function fromCallersFolder(source: ImageSource): ImageSource {
  switch (source.kind) {
    case 'oci-layout':
      return { ...source, directory: fromCaller(source.directory) };
    case 'oci-archive':
    case 'docker-archive':
      return { ...source, file: fromCaller(source.file) };
    case 'registry':
      return source;
  }
}

function nameOf(source: ImageSource, reference: string | undefined): NamedImage['name'] {
  if (source.kind === 'registry') return { registry: source.image.registry, repository: source.image.repository };
  const name = reference === undefined || isDigest(reference) ? undefined : splitTag(reference).repository;
  return name !== undefined && isRepositoryName(name) ? { repository: name } : {};
}

/** `alpine:3.20` → `alpine`, `3.20`; the ref names of layouts are often a mere tag, or a mere name. */
export function splitTag(reference: string): { readonly repository: string; readonly tag?: string } {
  const colon = reference.lastIndexOf(':');
  if (colon < 0 || reference.includes('/', colon)) return { repository: reference };
  return { repository: reference.slice(0, colon), tag: reference.slice(colon + 1) };
}
