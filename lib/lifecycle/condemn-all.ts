import type { Digest } from '../core/digest.ts';
import type { RepositoryName } from '../inventory/index.ts';
import type { Tribunal } from './ports.ts';

/** Sentences all or none; the digest for which it came too late, if any. */
export async function condemnAll(
  tribunal: Tribunal,
  of: RepositoryName,
  digests: readonly Digest[],
  by: string,
): Promise<{ readonly saved?: Digest }> {
  const condemned: Digest[] = [];
  for (const digest of digests) {
    if (await tribunal.condemn(of, digest, by)) condemned.push(digest);
    else {
      for (const one of condemned) await tribunal.reprieve(of, one, by);
      return { saved: digest };
    }
  }
  return {};
}
