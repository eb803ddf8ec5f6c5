import { mapLimit } from '../core/concurrency.ts';
import { shortDigest } from '../core/digest.ts';
import { isLadingError, LadingError } from '../core/errors.ts';
import { formatImageReference } from '../core/image-reference.ts';
import type { PlatformContent } from '../multi-arch/index.ts';
import { readSbomPackages } from '../sbom/index.ts';
import { callApi, getJson } from './api-client.ts';
import { inEvents } from './commands/images.ts';
import { type Connection, connect } from './connection.ts';
import { imageAnswer } from './shapes.ts';

const AT_ONCE = 4;

/**
 * What the stack knows of the images of an index.
 *
 * @throws LadingError `not-an-index`
 */
export async function readPlatforms(
  ref: string,
  options: { readonly api?: string | undefined; readonly data?: string | undefined },
): Promise<readonly PlatformContent[]> {
  const connection = connect(options);
  const { image } = await imageOf(connection, inEvents(ref, connection.local));
  const { registry, repository, children } = image.entry;
  const images = children.filter(({ platform }) => platform !== undefined && platform !== 'unknown/unknown');
  if (images.length === 0) throw new LadingError('not-an-index', `${ref} lists no image with a platform`);
  return mapLimit(images, AT_ONCE, async ({ digest, platform = '' }): Promise<PlatformContent> => {
    const address = formatImageReference({ registry, repository, digest });
    const known = await unlessUnknown(() => imageOf(connection, address));
    const sbom =
      known?.image.sbom &&
      (await unlessUnknown(() => callApi(connection, `/api/sbom?ref=${encodeURIComponent(address)}`)));
    // Nothing keeps an index from listing two for one platform.
    const isTwice = images.some((other) => other.platform === platform && other.digest !== digest);
    return {
      platform: isTwice ? `${platform} ${shortDigest(digest)}` : platform,
      bytes: known?.image.entry.sizeBytes ?? 0,
      packages: sbom && readSbomPackages(new Uint8Array(await sbom.arrayBuffer())),
      findings: known?.image.scan ? (known.findings ?? []) : undefined,
    };
  });
}

const imageOf = (connection: Connection, ref: string) =>
  getJson(connection, `/api/image?ref=${encodeURIComponent(ref)}`, imageAnswer);

/** A child that never went through the stages is told as unknown, and the others are compared. */
async function unlessUnknown<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isLadingError(error) && /unknown$/.test(error.code)) return undefined;
    throw error;
  }
}
