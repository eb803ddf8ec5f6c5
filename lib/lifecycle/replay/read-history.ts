import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { compileGlobs } from '../../core/glob.ts';
import { imageArchived, imageDeleted, imageExpired, imageInUse, imagePulled, imagePushed } from '../../events/index.ts';
import type { RetentionConfig } from '../config.ts';
import type { EventHistory } from './model.ts';

/** A pull or a start. */
export interface Use {
  readonly digest: Digest;
  readonly at: number;
  readonly how: 'pulled' | 'started';
  /** How long what was started was held. */
  readonly until?: string;
  readonly by: string;
}

interface Change {
  readonly at: number;
  readonly digest: Digest | undefined;
}

/** What is recorded of one repository. */
export interface RepositoryHistory {
  /** What each tag came to name, and when, in order. */
  readonly tags: ReadonlyMap<string, readonly Change[]>;
  /** In order. */
  readonly uses: readonly Use[];
}

export interface History {
  readonly recordedSince: string | undefined;
  readonly repositories: ReadonlyMap<string, RepositoryHistory>;
}

interface Collected {
  readonly tags: Map<string, Change[]>;
  readonly uses: Use[];
}

/** Puts what was recorded of one registry in order. What cannot be read is left out: events change over the years. */
export async function readHistory(
  history: EventHistory,
  registry: string,
  { ownActors = [] }: Pick<RetentionConfig, 'ownActors'>,
): Promise<History> {
  const isOwn = compileGlobs(ownActors);
  const found = new Map<string, Collected>();
  const of = (repository: string): Collected => {
    const known = found.get(repository) ?? { tags: new Map(), uses: [] };
    found.set(repository, known);
    return known;
  };
  let recordedSince: string | undefined;
  for await (const { detailType, time, data } of history.events()) {
    recordedSince ??= time;
    const about = named.safeParse(data).data?.subject;
    if (about?.registry !== registry) continue;
    note(of(about.repository), detailType, data, time, isOwn);
  }
  for (const { tags, uses } of found.values()) {
    uses.sort((a, b) => a.at - b.at);
    for (const changes of tags.values()) changes.sort((a, b) => a.at - b.at);
  }
  return { recordedSince, repositories: found };
}

const named = z.object({ subject: z.object({ registry: z.string(), repository: z.string() }) });
const removed = z.union([imageExpired.data, imageArchived.data]);

function note(
  { tags, uses }: Collected,
  detailType: string,
  data: unknown,
  time: string,
  isOwn: (actor: string) => boolean,
): void {
  const bind = (names: readonly string[], at: string, digest: Digest | undefined): void => {
    for (const tag of names) {
      const changes = tags.get(tag) ?? [];
      tags.set(tag, changes);
      changes.push({ at: Date.parse(at), digest });
    }
  };
  switch (detailType) {
    case imagePushed.detailType: {
      const pushed = imagePushed.data.safeParse(data).data;
      if (pushed) bind(pushed.subject.tags, pushed.pushedAt, pushed.subject.digest);
      return;
    }
    case imageDeleted.detailType: {
      const deleted = imageDeleted.data.safeParse(data).data;
      if (deleted) bind(deleted.subject.tags, deleted.deletedAt, undefined);
      return;
    }
    case imageExpired.detailType:
    case imageArchived.detailType: {
      const gone = removed.safeParse(data).data;
      if (gone) bind(gone.subject.tags, time, undefined);
      return;
    }
    case imagePulled.detailType: {
      const pulled = imagePulled.data.safeParse(data).data;
      if (!pulled || (pulled.actor !== undefined && isOwn(pulled.actor))) return;
      uses.push({
        digest: pulled.subject.digest,
        at: Date.parse(pulled.pulledAt),
        how: 'pulled',
        by: pulled.actor ?? '',
      });
      return;
    }
    case imageInUse.detailType: {
      const used = imageInUse.data.safeParse(data).data;
      if (!used) return;
      const { subject, workload, observedAt, leaseUntil } = used;
      const by = `${workload.kind} ${workload.name}`;
      uses.push({ digest: subject.digest, at: Date.parse(observedAt), how: 'started', until: leaseUntil, by });
      return;
    }
    default:
      return;
  }
}
