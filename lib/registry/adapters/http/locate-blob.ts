import { LadingError } from '../../../core/errors.ts';
import { registryError } from '../../errors.ts';
import type { BlobLocator, BlobReader } from '../../ports.ts';
import type { Authenticator } from './authenticator.ts';
import type { OriginPolicy } from './origin-policy.ts';
import { blobPath, pullScope } from './paths.ts';

/** The blob's own address, with the bearer token that this client would send: it ends soon, and reads one repository. */
export function createBlobLocator({
  policy,
  authenticator,
  blobs,
}: {
  readonly policy: OriginPolicy;
  readonly authenticator: Authenticator;
  readonly blobs: Pick<BlobReader, 'headBlob'>;
}): NonNullable<BlobLocator['locateBlob']> {
  return async ({ repository, digest }, options) => {
    // Asked for first, so that the registry has said by now what it wants to see.
    const head = await blobs.headBlob({ repository, digest }, options);
    if (head === undefined) {
      throw registryError('blob-unknown', `${policy.base.host}/${repository} does not hold the blob ${digest}`);
    }
    const authorization = await authenticator.authorize(pullScope(repository), options?.signal);
    if (authorization !== undefined && !authorization.startsWith('Bearer ')) {
      const message = `${policy.base.host} is read with a password, which is handed to nobody else`;
      throw new LadingError('credentials-not-shared', message, {
        hint: 'only registries that give tokens, public ones, and ECR can be read by another program for us',
      });
    }
    const url = new URL(blobPath(repository, digest), policy.base);
    return { url, headers: authorization === undefined ? {} : { authorization } };
  };
}
