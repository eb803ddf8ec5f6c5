import { type Digest, parseDigest } from './digest.ts';
import { LadingError } from './errors.ts';

/** `registry/repository:tag@digest`, parsed. `registry` is a host with optional port and is always present. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** Where one exact image lives: the unit that every stage acts on. */
export interface ImageLocation {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
}

// OCI distribution specification 1.1, "Pulling manifests": the grammars of <name> and <reference>.
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const HOST =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/;

export const isRepositoryName = (text: string): boolean => text.length <= 255 && REPOSITORY.test(text);
export const isTag = (text: string): boolean => TAG.test(text);
export const isRegistryHost = (text: string): boolean => text.length <= 255 && HOST.test(text);

/**
 * Reads `host[:port]/repository[:tag][@digest]`. There is no default registry: a name without a host is refused,
 * because guessing Docker Hub for a typing mistake would send a private name to a stranger.
 *
 * @throws LadingError `reference-invalid`
 */
export function parseImageReference(text: string): ImageReference {
  const fail = (why: string): never => {
    throw new LadingError('reference-invalid', `"${text.slice(0, 300)}" is not an image reference: ${why}`, {
      hint: 'write it as registry.example/repository:tag or registry.example/repository@sha256:…',
    });
  };
  const at = text.indexOf('@');
  const digest = at >= 0 ? parseDigest(text.slice(at + 1)) : undefined;
  const name = at >= 0 ? text.slice(0, at) : text;
  const slash = name.indexOf('/');
  if (slash < 0) return fail('it names no registry');
  const registry = name.slice(0, slash);
  if (!isRegistryHost(registry)) return fail(`"${registry}" is not a registry host`);
  const rest = name.slice(slash + 1);
  const colon = rest.lastIndexOf(':');
  const repository = colon >= 0 ? rest.slice(0, colon) : rest;
  const tag = colon >= 0 ? rest.slice(colon + 1) : undefined;
  if (!isRepositoryName(repository)) return fail(`"${repository}" is not a repository name`);
  if (tag !== undefined && !isTag(tag)) return fail(`"${tag}" is not a tag`);
  return { registry, repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

export function formatImageReference(ref: ImageReference): string {
  return `${ref.registry}/${ref.repository}${ref.tag ? `:${ref.tag}` : ''}${ref.digest ? `@${ref.digest}` : ''}`;
}

/** `registry/repository@digest`: the key of an image in tables and in the work ledger. */
export const locationKey = (at: ImageLocation): string => `${at.registry}/${at.repository}@${at.digest}`;

/** @throws LadingError `reference-invalid` or `digest-invalid` */
export function parseLocationKey(key: string): ImageLocation {
  const { registry, repository, digest } = parseImageReference(key);
  if (digest === undefined) throw new LadingError('reference-invalid', `"${key}" has no digest`);
  return { registry, repository, digest };
}
