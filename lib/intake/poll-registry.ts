import type { Clock } from '../core/clock.ts';
import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import { compileGlobs } from '../core/glob.ts';
import { draftEvent, type EventDraft, imagePushed } from '../events/index.ts';
import type { RegistryReader } from '../registry/index.ts';
import type { RegistryPoll } from './config.ts';
import type { PollStore } from './ports.ts';

export interface PollPorts {
  readonly registry: Pick<RegistryReader, 'headManifest' | 'listTags' | 'listRepositories'>;
  readonly store: PollStore;
  /** Told of what is new before it is noted as seen: a crash in between tells it again. */
  readonly publish: (drafts: readonly EventDraft[], key: string) => Promise<void>;
  readonly clock: Clock;
  /** Whether there is time for more; what is left goes on in the next run. */
  readonly mayGoOn: () => boolean;
}

export interface PollResult {
  readonly repositories: number;
  readonly tags: number;
  readonly announced: number;
  /** False where the time was over: the next run goes on from there. */
  readonly finished: boolean;
}

/** Questions that are asked at once, and tags that are noted together. */
const AT_ONCE = 4;
const PER_STEP = 40;

/**
 * Asks a registry that sends nothing for tags that are new or have moved since the last run: by its list of tags, and
 * by HEAD for what each names, which counts as no pull. What is there at the first run is only remembered, unless the
 * configuration wants all of it announced.
 */
export async function pollRegistry(ports: PollPorts, poll: RegistryPoll): Promise<PollResult> {
  const { store, mayGoOn } = ports;
  const left = await store.cursor(poll.registry);
  let [repositories, tags, announced] = [0, 0, 0];
  for (const repository of await repositoriesOf(ports, poll)) {
    if (left !== undefined && repository < left.repository) continue;
    const after = left?.repository === repository ? left.tag : undefined;
    const done = await pollRepository(ports, poll, repository, after);
    repositories++;
    tags += done.tags;
    announced += done.announced;
    if (done.stoppedAfter !== undefined || !mayGoOn()) {
      await store.saveCursor(poll.registry, { repository, tag: done.stoppedAfter ?? LAST });
      return { repositories, tags, announced, finished: false };
    }
  }
  if (left !== undefined) await store.saveCursor(poll.registry, undefined);
  return { repositories, tags, announced, finished: true };
}

/** Sorts after every tag. */
const LAST = '\u{10ffff}';

/** Names that are written out need no list, which many registries do not give. */
async function repositoriesOf({ registry }: PollPorts, poll: RegistryPoll): Promise<readonly string[]> {
  const isPattern = (name: string): boolean => /[*?]/.test(name);
  const names = new Set(poll.repositories.filter((name) => !isPattern(name)));
  const patterns = poll.repositories.filter(isPattern);
  if (patterns.length > 0) {
    const matches = compileGlobs(patterns);
    for await (const name of registry.listRepositories()) if (matches(name)) names.add(name);
  }
  return [...names].sort();
}

async function pollRepository(
  ports: PollPorts,
  poll: RegistryPoll,
  repository: string,
  after: string | undefined,
): Promise<{ readonly tags: number; readonly announced: number; readonly stoppedAfter?: string }> {
  const { registry, store } = ports;
  const of = { registry: poll.registry, repository };
  const known = await store.seen(of);
  const isWanted = compileGlobs(poll.tags);
  const listed: string[] = [];
  for await (const tag of registry.listTags(repository)) if (isWanted(tag)) listed.push(tag);
  listed.sort();
  const rest = after === undefined ? listed : listed.filter((tag) => tag > after);
  const tell = known.complete || poll.firstRun === 'announce';
  let announced = 0;
  for (let at = 0; at < rest.length; at += PER_STEP) {
    if (at > 0 && !ports.mayGoOn()) return { tags: at, announced, stoppedAfter: rest[at - 1] as string };
    announced += await step(ports, of, rest.slice(at, at + PER_STEP), known.digests, tell);
  }
  const there = new Set(listed);
  // A tag that is gone and comes back is news. That it is gone, the sweep tells.
  for (const tag of known.digests.keys()) if (!there.has(tag)) await store.forget(of, tag);
  if (!known.complete) await store.complete(of);
  return { tags: rest.length, announced };
}

async function step(
  ports: PollPorts,
  of: { readonly registry: string; readonly repository: string },
  tags: readonly string[],
  known: ReadonlyMap<string, string>,
  tell: boolean,
): Promise<number> {
  const { registry, store, clock, publish } = ports;
  const heads = await mapLimit(tags, AT_ONCE, async (tag) => ({
    tag,
    head: await headOf(registry, of.repository, tag),
  }));
  const news: { tag: string; digest: Digest; mediaType: string }[] = [];
  for (const { tag, head } of heads) {
    if (head && known.get(tag) !== head.digest) news.push({ tag, digest: head.digest, mediaType: head.mediaType });
  }
  const pushedAt = clock.now().toISOString();
  for (const { tag, digest, mediaType } of tell ? news : []) {
    const subject = { ...of, digest, mediaType, tags: [tag] };
    await publish(
      [draftEvent(imagePushed, { subject, origin: 'reconcile', pushedAt })],
      `${of.registry}/${of.repository}:${tag}@${digest}`,
    );
  }
  for (const { tag, digest } of news) await store.remember(of, tag, digest);
  return tell ? news.length : 0;
}

/** A tag that cannot be read (a manifest of an old kind, say) must not keep the others from being seen. */
async function headOf(registry: PollPorts['registry'], repository: string, tag: string) {
  try {
    return await registry.headManifest({ repository, reference: tag });
  } catch (error) {
    if (isLadingError(error) && !error.retryable) return undefined;
    throw error;
  }
}
