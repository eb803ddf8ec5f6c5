import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { describeError, isLadingError, LadingError } from '../core/errors.ts';
import { type Descriptor, isManifestType, isUnknownPlatform, parseManifest } from '../formats/oci/index.ts';
import type { CallOptions, RegistryReader } from '../registry/index.ts';
import { normalPlatform, platformOf } from './platform-of.ts';

export interface IndexProblem {
  readonly kind: /** The registry does not hold what the index lists. */
    | 'missing'
    /** Size or type of what is there are not those that the index says. */
    | 'descriptor-wrong'
    /** An image without a platform, which no runtime chooses. */
    | 'platform-absent'
    /** The index says another platform than the image was built for. */
    | 'platform-wrong'
    /** Two images for one platform: runtimes take one of them, and not all the same. */
    | 'platform-twice'
    /** An attestation about an image that the index does not list. */
    | 'attestation-astray'
    | 'unreadable';
  readonly digest: Digest;
  readonly detail: string;
}

export interface IndexCheck {
  readonly digest: Digest;
  /** Platforms of its images, as configurations say. */
  readonly platforms: readonly string[];
  readonly problems: readonly IndexProblem[];
}

const REFERENCE = 'vnd.docker.reference.digest';
const AT_ONCE = 6;

/**
 * Whether an index is whole: every child there and as described, every image for the platform that it is listed for. A
 * nested index is looked at as a child, and can be checked itself.
 *
 * @throws LadingError `manifest-unknown`, `not-an-index`
 */
export async function checkIndex(
  reader: RegistryReader,
  of: { readonly repository: string; readonly reference: string },
  call: CallOptions = {},
): Promise<IndexCheck> {
  const found = await reader.getManifest(of, call);
  if (found === undefined) throw new LadingError('manifest-unknown', `there is no ${of.repository} ${of.reference}`);
  const index = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  if (index.kind !== 'index') throw new LadingError('not-an-index', `${found.digest} is for one platform alone`);
  const listed = new Set(index.manifests.map(({ digest }) => digest));
  const seen = await mapLimit(index.manifests, AT_ONCE, (child) =>
    checkChild(reader, of.repository, child, listed, call),
  );
  const platforms = new Map<string, Digest>();
  const twice = seen.flatMap(({ platform, child }): IndexProblem[] => {
    if (platform === undefined) return [];
    const first = platforms.get(platform);
    if (first === undefined || first === child.digest) {
      platforms.set(platform, child.digest);
      return [];
    }
    return [{ kind: 'platform-twice', digest: child.digest, detail: `${platform} is ${first}, too` }];
  });
  const problems = [...seen.flatMap((one) => one.problems), ...twice];
  return { digest: found.digest, platforms: [...platforms.keys()].sort(), problems };
}

interface Seen {
  readonly child: Descriptor;
  readonly platform?: string;
  readonly problems: readonly IndexProblem[];
}

async function checkChild(
  reader: RegistryReader,
  repository: string,
  child: Descriptor,
  listed: ReadonlySet<Digest>,
  call: CallOptions,
): Promise<Seen> {
  const { digest, platform } = child;
  const problem = (kind: IndexProblem['kind'], detail: string): Seen => ({
    child,
    problems: [{ kind, digest, detail }],
  });
  // An index of BuildKit's cache lists blobs.
  if (!isManifestType(child.mediaType)) {
    const head = await reader.headBlob({ repository, digest }, call);
    if (head === undefined) return problem('missing', 'the registry does not hold this blob');
    return head.size === child.size
      ? { child, problems: [] }
      : problem('descriptor-wrong', `it has ${head.size} bytes`);
  }
  try {
    const found = await reader.getManifest({ repository, reference: digest }, call);
    if (found === undefined) return problem('missing', 'the registry does not hold this manifest');
    if (found.mediaType !== child.mediaType || found.bytes.length !== child.size) {
      return problem('descriptor-wrong', `it is ${found.mediaType} of ${found.bytes.length} bytes`);
    }
    const manifest = parseManifest(found.bytes, found.mediaType, child);
    const about = child.annotations?.[REFERENCE] as Digest | undefined;
    if (isUnknownPlatform(platform)) {
      if (about === undefined || listed.has(about)) return { child, problems: [] };
      return problem('attestation-astray', `it is about ${about}, which the index does not list`);
    }
    if (manifest.kind !== 'image') return { child, problems: [] };
    const built = await platformOf(reader, repository, manifest, call);
    if (platform === undefined)
      return problem('platform-absent', `built for ${built ? normalPlatform(built) : 'what it does not say'}`);
    const told = normalPlatform(platform);
    if (built === undefined || normalPlatform(built) === told) return { child, platform: told, problems: [] };
    // What says no variant means the usual one; only a variant that contradicts is wrong.
    const base = normalPlatform({ os: built.os, architecture: built.architecture });
    if (
      told === base ||
      normalPlatform({ os: platform.os, architecture: platform.architecture }) === normalPlatform(built)
    ) {
      return { child, platform: told, problems: [] };
    }
    return {
      ...problem('platform-wrong', `listed for ${told}, and built for ${normalPlatform(built)}`),
      platform: told,
    };
  } catch (error) {
    if (!isLadingError(error) || error.retryable) throw error;
    return problem('unreadable', describeError(error));
  }
}
