import { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { type Digest, isDigest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { isRepositoryName, isTag } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, imageRestored } from '../events/index.ts';
import type { CatalogEntry, CatalogReader, RepositoryName } from '../inventory/index.ts';
import { MOST_REFERRERS, type Registry, type RegistryReader, walkClosedGraph } from '../registry/index.ts';
import { copyGraph } from '../replication/index.ts';
import { archiveRepository } from './archive-graph.ts';
import type { LeaseStore } from './ports.ts';

export interface RestorePorts {
  readonly registry: Registry;
  readonly archive: RegistryReader;
  readonly catalog: Pick<CatalogReader, 'find' | 'tag'>;
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly clock: Clock;
  /**
   * No rule takes what came back for so long.
   *
   * @default 7
   */
  readonly leaseDays?: number;
}

const DAY_MS = 24 * 3600 * 1000;

const requestSchema = z.object({
  registry: z.string().min(1).max(300),
  repository: z.string().refine(isRepositoryName, { error: 'not the name of a repository' }),
  /** A tag that the image had, or its digest. */
  reference: z.string().refine((text) => isDigest(text) || isTag(text), { error: 'neither a tag nor a digest' }),
  reason: z.string().min(1).max(500),
  /** Where to look; absent: first among what is set aside, then in the archive. */
  only: z.enum(['quarantine', 'archive']).optional(),
});
export type RestoreRequest = Readonly<z.infer<typeof requestSchema>>;

/** @throws LadingError `request-invalid`, naming each member that is wrong */
export function parseRestoreRequest(value: unknown): RestoreRequest {
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LadingError('request-invalid', `not a request to restore an image: ${z.prettifyError(parsed.error)}`);
}

/**
 * Brings an archived image back to where it was, byte for byte, with its referrers and with those of its tags that name
 * nothing else by now. It stays in the archive, and is left alone by all rules for some days: those that archived it would
 * take it again the next night. Idempotent; the registry's own push event starts the pipeline again.
 *
 * @throws LadingError `not-archived`, `too-late` where its deletion is under way
 */
export async function restoreImage(
  ports: RestorePorts,
  request: RestoreRequest,
  options: { readonly signal?: AbortSignal } = {},
): Promise<readonly EventDraft[]> {
  const { registry, archive } = ports;
  const { reason, reference, registry: host, repository } = request;
  const of = { registry: host, repository };
  const from = archiveRepository(of);
  const head = await archive.headManifest({ repository: from, reference }, options);
  const graph =
    head &&
    (await walkClosedGraph(
      archive,
      { repository: from, digest: head.digest },
      { ...options, referrerLimit: MOST_REFERRERS },
    ));
  if (!graph || graph.missing.length > 0) {
    const inPlace = head ? undefined : await restoreInPlace(ports, request, options);
    if (inPlace) return [inPlace];
    throw new LadingError('not-archived', `the archive has no ${of.registry}/${of.repository} ${reference}`, {
      hint: '"lading events" shows what was archived',
    });
  }
  await holdAll(
    ports,
    of,
    graph.nodes.map(({ manifest }) => manifest.digest),
    reason,
  );
  await copyGraph({ source: archive, target: registry, from, repository: of.repository, ...options }, graph);
  const tags = await tagsOf(
    archive,
    from,
    graph.nodes.map(({ manifest }) => manifest.digest),
    options,
  );
  const restored: string[] = [];
  for (const { tag, digest } of tags) {
    const node = graph.nodes.find(({ manifest }) => manifest.digest === digest);
    const now = await registry.headManifest({ repository: of.repository, reference: tag }, options);
    if (!node || (now && now.digest !== digest)) continue;
    const { mediaType } = node.manifest;
    if (!now)
      await registry.putManifest({ repository: of.repository, reference: tag, mediaType, bytes: node.bytes }, options);
    if (digest === graph.root) restored.push(tag);
  }
  const root = graph.nodes.find(({ manifest }) => manifest.digest === graph.root)?.manifest;
  const mediaType = root?.mediaType ?? '';
  return [draftEvent(imageRestored, { subject: { ...of, digest: graph.root, mediaType, tags: restored }, reason })];
}

async function holdAll(
  { leases, clock, leaseDays = 7 }: RestorePorts,
  of: RepositoryName,
  digests: readonly Digest[],
  reason: string,
): Promise<void> {
  const until = new Date(clock.now().getTime() + leaseDays * DAY_MS).toISOString();
  for (const digest of digests) {
    if ((await leases.hold(of, { digest, reason: `restored: ${reason}`.slice(0, 300), until })) === 'held') continue;
    throw new LadingError('too-late', `${digest} is being deleted at this moment`, { retryable: true });
  }
}

/** Out of the archival class of the registry itself; undefined where it is in none. */
async function restoreInPlace(
  ports: RestorePorts,
  { reason, reference, registry: host, repository }: RestoreRequest,
  options: { readonly signal?: AbortSignal },
): Promise<EventDraft | undefined> {
  const { archivalClass } = ports.registry;
  const of = { registry: host, repository };
  const at = await archivedInPlace(ports.catalog, of, reference);
  if (!archivalClass || !at) return undefined;
  await holdAll(ports, of, [at.digest, ...at.children.map(({ digest }) => digest)], reason);
  for (const { digest } of [at, ...at.children]) {
    const outcome = await archivalClass.restore({ repository, reference: digest }, options);
    if (outcome === 'unknown' && digest === at.digest) return undefined;
  }
  const tag = isDigest(reference) ? [] : [reference];
  const subject = { ...of, digest: at.digest, mediaType: at.mediaType, tags: tag };
  return draftEvent(imageRestored, { subject, reason });
}

/** What the catalogue knows to be in an archival class of its registry; its tags stay on it there. */
export async function archivedInPlace(
  catalog: RestorePorts['catalog'],
  of: RepositoryName,
  reference: string,
): Promise<CatalogEntry | undefined> {
  const digest = isDigest(reference) ? reference : (await catalog.tag(of, reference))?.digest;
  const entry = digest && (await catalog.find({ ...of, digest }));
  return entry && entry.deletedAt !== undefined && entry.archivedIn === 'registry' ? entry : undefined;
}

async function tagsOf(
  archive: RegistryReader,
  repository: string,
  digests: readonly Digest[],
  options: { readonly signal?: AbortSignal },
): Promise<readonly { readonly tag: string; readonly digest: Digest }[]> {
  const wanted = new Set(digests);
  const found: { readonly tag: string; readonly digest: Digest }[] = [];
  for await (const tag of archive.listTags(repository, options)) {
    const head = await archive.headManifest({ repository, reference: tag }, options);
    if (head && wanted.has(head.digest)) found.push({ tag, digest: head.digest });
  }
  return found;
}
