import { type Digest, isDigest } from '../../core/digest.ts';
import { describeError } from '../../core/errors.ts';
import { formatImageReference } from '../../core/image-reference.ts';
import { registryError } from '../errors.ts';
import type { ImageSource } from '../parse-source.ts';
import type { FetchedManifest, ManifestHead, Registries, RegistryReader } from '../ports.ts';
import { subjectOfTag } from '../referrers-tag.ts';
import type { LayoutReader } from './layout/layout-reader.ts';
import { LAYOUT_REPOSITORY } from './layout/layout-repository.ts';

/** One image, found: everything after goes by its digest. */
export interface OpenedSource extends ManifestHead {
  readonly reader: RegistryReader;
  readonly repository: string;
  /** The tag or ref name by which it was found, if not by digest. */
  readonly reference?: string;
  readonly digest: Digest;
}

const MAX_NAMED = 20;

/**
 * Opens a source and resolves its reference, once.
 *
 * @throws LadingError `source-invalid`, `reference-unknown` (which names what is there), `registry-unknown`
 */
export async function openSource(source: ImageSource, registries: Registries): Promise<OpenedSource> {
  switch (source.kind) {
    case 'registry': {
      const { image } = source;
      const reader = await registries.open(image.registry);
      const { repository } = image;
      const found = await reader.getManifest({ repository, reference: image.digest ?? image.tag ?? 'latest' });
      if (found === undefined) {
        throw registryError('reference-unknown', `there is no image ${formatImageReference(image)}`);
      }
      const { digest, mediaType, bytes } = found;
      const head = { digest, mediaType, size: bytes.length };
      return {
        reader: remembering(reader, repository, found),
        repository,
        ...head,
        ...(image.tag ? { reference: image.tag } : {}),
      };
    }
    case 'oci-layout': {
      const { openOciLayout } = await import('./oci-layout.ts');
      return resolve(await openOciLayout(source), `layout ${source.directory}`, source.reference);
    }
    case 'oci-archive': {
      const { openOciArchive } = await import('./archive.ts');
      return resolve(await openOciArchive(source), `archive ${source.file}`, source.reference);
    }
    case 'docker-archive': {
      const { openDockerArchive } = await import('./archive.ts');
      return resolve(await openDockerArchive(source), `archive ${source.file}`, source.reference);
    }
  }
}

/** Whoever opens an image reads its manifest next: asking once saves a round trip, and often two. */
const remembering = (reader: RegistryReader, repository: string, found: FetchedManifest): RegistryReader => ({
  ...reader,
  getManifest: async (at, options) =>
    at.repository === repository && at.reference === found.digest ? found : reader.getManifest(at, options),
});

async function resolve(reader: LayoutReader, where: string, asked: string | undefined): Promise<OpenedSource> {
  const names: string[] = [];
  for await (const name of reader.listTags(LAYOUT_REPOSITORY)) if (subjectOfTag(name) === undefined) names.push(name);
  const reference = asked === undefined ? await onlyOne(reader, names, where) : fullName(names, asked);
  const head = await headOf(reader, reference, where);
  if (head === undefined) {
    throw registryError(
      'reference-unknown',
      `unknown ref "${reference.slice(0, 200)}" in ${where}; ${holds(await allOf(reader, names))}`,
    );
  }
  return { reader, repository: LAYOUT_REPOSITORY, ...head, ...(isDigest(reference) ? {} : { reference }) };
}

async function headOf(reader: RegistryReader, reference: string, where: string): Promise<ManifestHead | undefined> {
  try {
    return await reader.headManifest({ repository: LAYOUT_REPOSITORY, reference });
  } catch (error) {
    throw registryError(
      'source-invalid',
      `"${reference.slice(0, 200)}" in ${where} is broken: ${describeError(error)}`,
      {
        cause: error,
      },
    );
  }
}

async function onlyOne(reader: LayoutReader, names: readonly string[], where: string): Promise<string> {
  const all = names.length === 1 ? names : await allOf(reader, names);
  const [only] = all;
  if (only !== undefined && all.length === 1) return only;
  throw registryError('reference-unknown', `name an image of ${where}; ${holds(all)}`);
}

/** What can be asked for: images by their names, and by digest those that have none. */
const allOf = async (reader: LayoutReader, names: readonly string[]): Promise<readonly string[]> => [
  ...names,
  ...(await reader.listUnnamed()),
];

/** `3.20` for `alpine:3.20`, where only one name ends so. */
function fullName(names: readonly string[], asked: string): string {
  if (names.includes(asked) || isDigest(asked)) return asked;
  const ending = names.filter((name) => name.endsWith(`:${asked}`) || name.endsWith(`/${asked}`));
  return ending.length === 1 ? (ending[0] as string) : asked;
}

function holds(names: readonly string[]): string {
  if (names.length === 0) return 'it holds no image';
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `it holds: ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}
