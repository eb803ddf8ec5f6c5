import { isDigest } from '../../core/digest.ts';
import { registryError } from '../errors.ts';
import { verifyContent } from '../verify-content.ts';
import { type DockerImage, readDockerImages } from './archive/docker-images.ts';
import { openTarFiles } from './archive/tar-files.ts';
import type { LayoutFiles } from './layout/files.ts';
import { readLayoutIndex } from './layout/layout-index.ts';
import { createLayoutReader, type LayoutReader } from './layout/layout-reader.ts';
import { LAYOUT_REPOSITORY } from './layout/layout-repository.ts';

export interface ArchiveOptions {
  readonly file: string;
  readonly repository?: string;
}

/**
 * A tar archive of an OCI image layout, read in place.
 *
 * @throws LadingError `source-invalid`
 */
export async function openOciArchive({ file, repository }: ArchiveOptions): Promise<LayoutReader> {
  const files = await openTarFiles(file);
  const known = await readLayoutIndex(files);
  return createLayoutReader({
    files,
    host: 'oci-archive',
    repository: repository ?? LAYOUT_REPOSITORY,
    entries: async () => known,
  });
}

/**
 * A `docker save` archive, read in place. Its tags are the names that `docker save` wrote, such as `alpine:3.20`.
 *
 * @throws LadingError `source-invalid`
 */
export async function openDockerArchive({ file, repository }: ArchiveOptions): Promise<LayoutReader> {
  const files = await openTarFiles(file);
  return createDockerArchiveReader(files, await readDockerImages(files), repository ?? LAYOUT_REPOSITORY);
}

function createDockerArchiveReader(
  files: LayoutFiles,
  images: readonly DockerImage[],
  repository: string,
): LayoutReader {
  const placeOf = (digest: string) => images.flatMap((image) => [...image.files]).find(([d]) => d === digest)?.[1];
  const find = (name: string, reference: string) =>
    name !== repository
      ? undefined
      : images.find((i) => (isDigest(reference) ? i.manifest.digest === reference : i.tags.includes(reference)))
          ?.manifest;
  return {
    host: 'docker-archive',
    listUnnamed: async () => images.filter(({ tags }) => tags.length === 0).map(({ manifest }) => manifest.digest),
    getManifest: async (at) => find(at.repository, at.reference),
    async headManifest(at) {
      const found = find(at.repository, at.reference);
      return found && { digest: found.digest, mediaType: found.mediaType, size: found.bytes.length };
    },
    async *openBlob({ repository: name, digest, size }, call) {
      const place = name === repository ? placeOf(digest) : undefined;
      if (place === undefined) throw registryError('blob-unknown', `${files.name} does not hold the blob ${digest}`);
      const content = files.open(place.path, call);
      if (call?.range === undefined) yield* verifyContent(content, { digest, size: size ?? place.size });
      else yield* content;
    },
    async headBlob({ repository: name, digest }) {
      const place = name === repository ? placeOf(digest) : undefined;
      return place && { size: place.size };
    },
    async *listTags(name) {
      if (name === repository) for (const image of images) yield* image.tags;
    },
    async *listRepositories() {
      yield repository;
    },
    listReferrers: async () => ({ descriptors: [], complete: true, via: 'api' }),
  };
}
