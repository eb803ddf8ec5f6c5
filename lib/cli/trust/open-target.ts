import type { Digest } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { type ImageLocation, parseImageReference } from '../../core/image-reference.ts';
import type { Registry } from '../../registry/index.ts';
import { localStack } from '../connection.ts';
import { localRegistry, namedRegistries } from '../source/registries.ts';

export interface SigningTarget {
  readonly registry: Registry;
  readonly image: ImageLocation;
  readonly descriptor: { readonly mediaType: string; readonly digest: Digest; readonly size: number };
}

export interface TargetOptions {
  readonly plainHttp?: boolean | undefined;
  readonly data?: string | undefined;
}

/**
 * The image in its registry. A tag is resolved here and never again: what follows is about the digest.
 *
 * @throws LadingError `reference-invalid`, `reference-unknown`, and those of the registry
 */
export async function openTarget(text: string, options: TargetOptions): Promise<SigningTarget> {
  const { registry: host, repository, tag, digest } = parseImageReference(text);
  const stack = localStack(options.data);
  const registry = await namedRegistries({ stack, plainHttp: options.plainHttp }).open(host);
  const descriptor = await registry.headManifest({ repository, reference: digest ?? tag ?? 'latest' });
  if (descriptor === undefined) throw new LadingError('reference-unknown', `${text} is not there`);
  const name = localRegistry(stack, host)?.host ?? host;
  return { registry, image: { registry: name, repository, digest: descriptor.digest }, descriptor };
}
