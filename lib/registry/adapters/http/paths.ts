import { type Digest, isDigest } from '../../../core/digest.ts';
import { LadingError } from '../../../core/errors.ts';
import { isRepositoryName, isTag } from '../../../core/image-reference.ts';
import type { ManifestAddress } from '../../ports.ts';

/** Names come from events and manifests of strangers: nothing goes into a path that the grammar does not allow. */
export function repositoryPath(repository: string): string {
  if (isRepositoryName(repository)) return `/v2/${repository}`;
  throw new LadingError('reference-invalid', `"${repository.slice(0, 300)}" is not a repository name`);
}

export function manifestPath({ repository, reference }: ManifestAddress): string {
  if (isDigest(reference) || isTag(reference)) return `${repositoryPath(repository)}/manifests/${reference}`;
  throw new LadingError('reference-invalid', `"${reference.slice(0, 160)}" is neither a tag nor a digest`);
}

export function blobPath(repository: string, digest: Digest): string {
  if (isDigest(digest)) return `${repositoryPath(repository)}/blobs/${digest}`;
  throw new LadingError('digest-invalid', `"${String(digest).slice(0, 160)}" is not a sha256 or sha512 digest`);
}

/** Scopes of the token service (distribution, "Token Scope Documentation"). */
export const pullScope = (repository: string): readonly string[] => [`repository:${repository}:pull`];
export const pushScope = (repository: string): readonly string[] => [`repository:${repository}:pull,push`];
export const deleteScope = (repository: string): readonly string[] => [`repository:${repository}:delete,pull`];
export const CATALOG_SCOPE: readonly string[] = ['registry:catalog:*'];
