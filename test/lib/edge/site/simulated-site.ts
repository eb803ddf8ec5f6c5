import type { Clock } from '../../../../lib/core/clock.ts';
import type { Digest } from '../../../../lib/core/digest.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { DesiredImage, EdgeBlob } from '../../../../lib/edge/index.ts';
import type { Candidate } from '../../../../lib/edge/placement/model.ts';
import type { HubLink, SiteCache, SiteMemory, SiteRecord } from '../../../../lib/edge/site/index.ts';
import { type CacheMemory, createCacheBudget, graphKey } from '../../../../lib/mirror/index.ts';

/** A line that loses what it carries, and can be cut. */
export interface Line {
  up: boolean;
  /** Of the calls and files, how many fail. */
  readonly loss: number;
  readonly random: () => number;
}

export const carries = (line: Line): boolean => line.up && line.random() >= line.loss;
const broken = (): LadingError => new LadingError('registry-unavailable', 'the line is broken');

export interface Hub {
  current(): Promise<Uint8Array | undefined>;
  report(envelope: Uint8Array): ReturnType<HubLink['report']>;
}

/** Answers get lost on their way, too: then the hub has done what it was asked, and the site does not know. */
export const overLine = (line: Line, hub: Hub): HubLink => ({
  async desired() {
    if (!carries(line)) throw broken();
    return hub.current();
  },
  async report(envelope) {
    if (!line.up || line.random() < line.loss / 2) throw broken();
    const answer = await hub.report(envelope);
    if (line.random() < line.loss / 2) throw broken();
    return answer;
  },
});

/** Keeps what was saved before a crash. */
export function durableMemory(): SiteMemory & { readonly record: () => SiteRecord } {
  let kept: SiteRecord = { generation: 0, sequence: 0 };
  return {
    record: () => kept,
    load: async () => kept,
    save: async (record) => {
      kept = record;
    },
  };
}

/** The disk and the images of a site, under the budget of `lib/mirror`; calls `onStep` whenever a byte may have moved. */
export function simulatedCache(options: {
  readonly budgetBytes: number;
  readonly clock: Clock;
  readonly line: Line;
  readonly catalogue: ReadonlyMap<string, Candidate>;
  readonly onStep: (bytes: number) => void;
}) {
  const { budgetBytes, clock, line, catalogue, onStep } = options;
  const disk = new Map<Digest, number>();
  const links = new Map<string, Set<Digest>>();
  const tags = new Map<string, Digest>();
  let evicted: Digest[] = [];
  let pulls = new Map<string, number>();
  let total = 0;
  const bytes = (): number => total;
  const held = (key: string): ReadonlyMap<Digest, number> =>
    new Map([...(links.get(key) ?? [])].map((digest) => [digest, disk.get(digest) ?? 0]));
  const step = async (): Promise<void> => onStep(bytes() + (await cache.status()).reservedBytes);
  const start = (memory?: CacheMemory) => {
    const opened = createCacheBudget({
      budgetBytes,
      clock,
      memory,
      disk: {
        usedBytes: async () => bytes(),
        drop: async (key, contents) => {
          evicted.push(key.slice(key.lastIndexOf('@') + 1) as Digest);
          links.delete(key);
          for (const digest of contents) {
            total -= disk.get(digest) ?? 0;
            disk.delete(digest);
          }
        },
      },
    });
    for (const key of links.keys()) opened.held(key, held(key));
    return opened;
  };
  let cache = start();

  /** As a mirror does: a file that another image has is not fetched again. */
  const bring = async (key: string, file: EdgeBlob): ReturnType<SiteCache['fetch']> => {
    const link = (): void => {
      links.set(key, (links.get(key) ?? new Set<Digest>()).add(file.digest));
      cache.held(key, held(key));
    };
    if (disk.has(file.digest)) {
      link();
      return { kind: 'held' };
    }
    const done = cache.pin(key);
    try {
      const place = await cache.reserve(file.size, key);
      await step();
      if (place === undefined) return { kind: 'no-room' };
      if (!carries(line)) {
        place.settle();
        return { kind: 'failed', why: 'the line broke' };
      }
      disk.set(file.digest, file.size);
      total += file.size;
      link();
      place.settle();
      await step();
      return { kind: 'held' };
    } finally {
      done();
    }
  };
  const filesOf = (image: Candidate): readonly EdgeBlob[] => [...image.manifests, ...image.blobs];
  const site: SiteCache = {
    budgetBytes,
    has: (repository, { digest }) =>
      [...links].some(([key, own]) => key.startsWith(`${repository}@`) && own.has(digest) && disk.has(digest)),
    tagsOf: (repository, digest) =>
      [...tags]
        .filter(([name, to]) => name.startsWith(`${repository}:`) && to === digest)
        .map(([name]) => name.slice(repository.length + 1)),
    files: () => disk,
    async lease(images) {
      cache.replaceLeases(
        'desired',
        new Map(images.map(({ repository, digest, until }) => [graphKey(repository, digest), until?.getTime()])),
      );
    },
    fetch: (repository, file, root) => bring(graphKey(repository, root), file),
    async setTags({ repository, digest, tags: wanted }: DesiredImage) {
      for (const tag of wanted) tags.set(`${repository}:${tag}`, digest);
    },
    activity: () => ({
      evicted,
      inUse: [],
      pulls: [...pulls].map(([key, count]) => {
        const at = key.lastIndexOf('@');
        return { repository: key.slice(0, at), digest: key.slice(at + 1) as Digest, count };
      }),
      forget() {
        evicted = [];
        pulls = new Map();
      },
    }),
  };
  return {
    site,
    bytes,
    /** A client of the site pulls: from the disk, or over the line, kept where there is room. */
    async pull(key: string): Promise<'hit' | 'miss' | 'failed'> {
      const image = catalogue.get(key) as Candidate;
      const whole = filesOf(image).every(({ digest }) => links.get(key)?.has(digest) && disk.has(digest));
      cache.touch(key);
      pulls.set(key, (pulls.get(key) ?? 0) + 1);
      if (whole) return 'hit';
      for (const file of filesOf(image)) if ((await bring(key, file)).kind === 'failed') return 'failed';
      return 'miss';
    },
    isWhole: (key: string): boolean => {
      const image = catalogue.get(key) as Candidate;
      return filesOf(image).every(({ digest }) => links.get(key)?.has(digest) && disk.has(digest));
    },
    /** The process dies: what was written stays, everything else is gone. */
    crash(): void {
      cache = start(JSON.parse(JSON.stringify(cache.memory())) as CacheMemory);
    },
  };
}
