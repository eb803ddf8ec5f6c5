import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import type { ImageCatalog, RepositoryName } from '../inventory/index.ts';
import { type RegistryReader, subjectOfTag } from '../registry/index.ts';

export interface CatalogCheckPorts {
  readonly registry: Pick<RegistryReader, 'listTags' | 'headManifest' | 'listImages'>;
  readonly catalog: Pick<ImageCatalog, 'tag' | 'tags' | 'find'>;
}

const AT_ONCE = 16;

/**
 * Something in a repository that the catalogue does not know: its event was lost or is still under way. A plan made
 * without it may delete what it needs, so nothing is deleted until the sweep has caught up. An index that lost its tag and
 * whose event was lost as well is seen only where the registry tells of manifests without tags (ECR does).
 *
 * @returns what it is, in words, or undefined where the catalogue knows all that is told
 */
export async function whatIsUnknown(ports: CatalogCheckPorts, of: RepositoryName): Promise<string | undefined> {
  const { registry, catalog } = ports;
  const { repository } = of;
  const images: { readonly tag?: string; readonly digest?: Digest }[] = [];
  if (registry.listImages) for await (const image of registry.listImages(repository)) images.push(image);
  else for await (const tag of registry.listTags(repository)) images.push({ tag });
  const answers = await mapLimit(images, AT_ONCE, async ({ tag, digest }) => {
    if (tag === undefined) {
      const known = digest === undefined || (await catalog.find({ ...of, digest })) !== undefined;
      return known ? undefined : `${digest} is there without a tag`;
    }
    // Tags of signatures and referrers name their subject, and go with it.
    if (subjectOfTag(tag) !== undefined) return undefined;
    const now = digest ?? (await registry.headManifest({ repository, reference: tag }))?.digest;
    return now === undefined || (await catalog.tag(of, tag))?.digest === now
      ? undefined
      : `the tag ${tag} names ${now}`;
  });
  const unknown = answers.find((one) => one !== undefined);
  return unknown ?? (await whatIsUnlisted(ports, of, new Set(images.map(({ tag }) => tag))));
}

/** A tag that the registry holds and its list leaves out: what else it leaves out, nobody knows. */
async function whatIsUnlisted(
  { registry, catalog }: CatalogCheckPorts,
  of: RepositoryName,
  listed: ReadonlySet<string | undefined>,
): Promise<string | undefined> {
  const unlisted: string[] = [];
  for await (const { tag, digest } of catalog.tags(of))
    if (digest !== undefined && !listed.has(tag)) unlisted.push(tag);
  const { repository } = of;
  const answers = await mapLimit(unlisted, AT_ONCE, async (tag) =>
    (await registry.headManifest({ repository, reference: tag }))
      ? `the list of tags leaves out ${tag}, which is there`
      : undefined,
  );
  return answers.find((one) => one !== undefined);
}

/** No registry tells that an index came to list something, so the comparison is made ever again while deletions go on. */
const COMPARE_EVERY_MS = 30_000;

/** `whatIsUnknown`, asked as often as one likes and compared anew after half a minute. */
export function watchCatalog(
  ports: CatalogCheckPorts & { readonly clock: Clock },
  of: RepositoryName,
): () => Promise<string | undefined> {
  let comparedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    const now = ports.clock.now().getTime();
    if (now - comparedAt < COMPARE_EVERY_MS) return undefined;
    comparedAt = now;
    return await whatIsUnknown(ports, of);
  };
}
