import { basename } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { isRepositoryName, isTag } from '../core/image-reference.ts';
import { parseSource, type Registry, type RegistryReader, tapContent } from '../registry/index.ts';
import { replicateImage } from '../replication/index.ts';
import { type ImageAccess, openImage, splitTag } from './source/open-image.ts';

export interface PushRequest {
  /** As a person writes it: `oci:DIR[:REF]`, `oci-archive:FILE[:REF]`, `docker-archive:FILE[:REF]` or a reference. */
  readonly source: string;
  /** May be on its way: it is opened while the source is asked for the image. */
  readonly target: Registry | Promise<Registry>;
  /** Name and tag at the target; where neither is given, they follow from the source. */
  readonly repository?: string | undefined;
  readonly tag?: string | undefined;
  readonly access?: ImageAccess;
  /** Told as bytes of layers go over. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface PushedImage {
  readonly repository: string;
  /** Absent where neither the source nor the caller names one: the image is then known by its digest. */
  readonly tag: string | undefined;
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytesMoved: number;
  readonly blobs: { readonly copied: number; readonly mounted: number; readonly skipped: number };
  readonly manifests: { readonly copied: number; readonly skipped: number };
  /** False where some referrer could not be read at the source, and was not copied. */
  readonly complete: boolean;
}

/**
 * Copies an image with all that belongs to it (the images of an index, signatures, SBOMs) to a registry: what is
 * missing there and nothing else, the tag last.
 *
 * @throws LadingError `source-invalid`, `reference-unknown`, `image-incomplete`, and those of the registries
 */
export async function pushImage(request: PushRequest): Promise<PushedImage> {
  const { signal } = request;
  const [target, image] = await Promise.all([request.target, openImage(request.source, request.access ?? {})]);
  const { repository, tag } = nameAtTarget(request, image.reference);
  const call = signal === undefined ? {} : { signal };
  const result = await replicateImage(
    {
      source: request.onProgress ? counting(image.reader, request.onProgress) : image.reader,
      target,
      clock: systemClock,
      // A push by a person is news for the stages, and no replica that they would leave alone.
      replicas: { intend: async () => 'intended', complete: async () => undefined },
    },
    {
      source: { registry: image.reader.host, repository: image.repository, digest: image.digest },
      target: { registry: target.host, repository },
      tags: [],
      names: tag === undefined ? [] : [tag],
    },
    call,
  );
  const { bytesMoved, mediaType, complete, tagsLeft, ...moved } = expectReplicated(result, request.source);
  if (tagsLeft.some(({ why }) => why === 'immutable-at-target')) {
    throw new LadingError('tag-immutable', `the tag ${tag} of ${target.host}/${repository} cannot be moved`);
  }
  return {
    ...{ repository, tag, digest: image.digest, mediaType, bytesMoved },
    blobs: { copied: moved.blobsCopied, mounted: moved.blobsMounted, skipped: moved.blobsSkipped },
    manifests: { copied: moved.manifestsCopied, skipped: moved.manifestsSkipped },
    complete,
  };
}

type ReplicationResult = Awaited<ReturnType<typeof replicateImage>>;

const NAMED_PARTS = 5;

function expectReplicated(
  result: ReplicationResult,
  source: string,
): Extract<ReplicationResult, { kind: 'replicated' }> {
  switch (result.kind) {
    case 'replicated':
      return result;
    case 'paused':
    case 'too-large':
      throw new LadingError('image-incomplete', `${source} was not copied to its end`, { retryable: true });
    case 'source-missing':
      throw new LadingError('reference-unknown', `${source} is gone`);
    case 'source-incomplete': {
      const { missing } = result;
      const more = missing.length > NAMED_PARTS ? ` and ${missing.length - NAMED_PARTS} more` : '';
      const named = `${missing.slice(0, NAMED_PARTS).join(', ')}${more}`;
      throw new LadingError('image-incomplete', `${source} names parts that are not there: ${named}`, {
        hint: 'nothing was tagged; copy the image again with all its platforms, or name one of them by its digest',
      });
    }
  }
}

function nameAtTarget(
  { source, repository, tag }: PushRequest,
  reference: string | undefined,
): { readonly repository: string; readonly tag: string | undefined } {
  if (repository !== undefined) return checkName(repository, tag ?? 'latest');
  const found = defaultName(source, reference);
  return checkName(found.repository, tag ?? found.tag);
}

/** A layout's ref may be `alpine:3.20`, a mere name or a reference with a registry; without one there is its folder. */
export function defaultName(
  source: string,
  reference: string | undefined,
): { readonly repository: string; readonly tag: string | undefined } {
  const parsed = parseSource(source);
  if (parsed.kind === 'registry') return { repository: parsed.image.repository, tag: reference };
  if (reference === undefined) {
    const path = parsed.kind === 'oci-layout' ? parsed.directory : parsed.file;
    return { repository: toRepositoryName(basename(path).replace(/\.tar(?:\.gz)?$/, '')), tag: undefined };
  }
  const [first = '', ...rest] = reference.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const named = splitTag(isHost ? rest.join('/') : reference);
  return { repository: toRepositoryName(named.repository), tag: named.tag ?? 'latest' };
}

/** Ref names are free text; repositories have a grammar (distribution specification 1.1, "Pulling manifests"). */
function toRepositoryName(text: string): string {
  const parts = text
    .toLowerCase()
    .split('/')
    .map((part) => part.replace(/[^a-z0-9._-]+/g, '-').replace(/^[._-]+|[._-]+$|([._-])[._-]+/g, '$1'));
  const name = parts.filter(Boolean).join('/');
  return isRepositoryName(name) ? name : 'image';
}

function checkName(repository: string, tag: string | undefined): { repository: string; tag: string | undefined } {
  const invalid = (what: string): LadingError =>
    new LadingError('name-invalid', what, { hint: 'write the name as NAME:TAG, for example team/app:v1' });
  if (!isRepositoryName(repository)) throw invalid(`"${repository.slice(0, 260)}" is not a repository name`);
  if (tag !== undefined && !isTag(tag)) throw invalid(`"${tag.slice(0, 140)}" is not a tag`);
  return { repository, tag };
}

/** The same registry, whose blobs are counted as they are read. */
function counting(reader: RegistryReader, onProgress: (bytes: number) => void): RegistryReader {
  let bytes = 0;
  return {
    host: reader.host,
    getManifest: reader.getManifest.bind(reader),
    headManifest: reader.headManifest.bind(reader),
    headBlob: reader.headBlob.bind(reader),
    listTags: reader.listTags.bind(reader),
    listRepositories: reader.listRepositories.bind(reader),
    listReferrers: reader.listReferrers.bind(reader),
    openBlob: (at, call) =>
      tapContent(reader.openBlob(at, call), (piece) => {
        bytes += piece.length;
        onProgress(bytes);
      }),
  };
}
