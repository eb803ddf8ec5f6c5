import { type Digest, isDigest } from '../core/digest.ts';
import { unreachable } from '../core/errors.ts';
import { isRegistryHost, isRepositoryName, isTag } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, imageDeleted, imagePulled, imagePushed } from '../events/index.ts';
import type { IntakeSource } from './config.ts';
import type { IgnoredReason, Notice } from './model.ts';
import type { WebhookPorts } from './ports.ts';

export interface Drafted {
  readonly drafts: readonly EventDraft[];
  readonly digests: readonly Digest[];
  readonly ignored: readonly Rejection[];
}

export interface Rejection {
  readonly reason: IgnoredReason | 'registry-not-configured';
  /** What to tell a sender that proved itself. */
  readonly problem: string;
}

type Ports = Pick<WebhookPorts, 'isConfigured' | 'resolveTag' | 'clock'>;

/** Turns notices into events, with the digest of each: a tag without one is resolved here, once for the delivery. */
export async function toDrafts(
  ports: Ports,
  source: IntakeSource | undefined,
  notices: readonly Notice[],
): Promise<Drafted> {
  const drafts: EventDraft[] = [];
  const digests: Digest[] = [];
  const ignored: Rejection[] = [];
  const resolved = new Map<string, string | undefined>();
  for (const notice of notices) {
    const place = placeOf(ports, source, notice);
    if ('reason' in place) {
      ignored.push(place);
      continue;
    }
    const { registry, repository, tag } = place;
    const digest = notice.digest ?? (await digestOfTag(ports, place, notice, resolved));
    if (!isDigest(digest)) {
      const what = `${registry}/${repository}${tag ? `:${tag}` : ''}`;
      const problem = `${what}: the event names no digest, and the registry has none for the tag`;
      ignored.push({ reason: 'no-digest', problem });
      continue;
    }
    digests.push(digest);
    drafts.push(draft(notice, { registry, repository, digest, tags: tag ? [tag] : [] }, timeOf(notice, ports)));
  }
  return { drafts, digests, ignored };
}

interface Place {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
}

function placeOf(ports: Ports, source: IntakeSource | undefined, notice: Notice): Place | Rejection {
  const named = notice.registry?.toLowerCase();
  const registry = source?.registry ?? notice.registry ?? '';
  const { repository, tag } = notice;
  if (source !== undefined && named !== undefined && named !== registry.toLowerCase()) {
    const problem = `the source speaks of ${registry}, and the event of "${named.slice(0, 255)}"`;
    return { reason: 'another-registry', problem };
  }
  if (!isRegistryHost(registry)) return { reason: 'name-not-valid', problem: 'the event names no registry' };
  if (!isRepositoryName(repository)) {
    return { reason: 'name-not-valid', problem: `"${repository.slice(0, 255)}" is not a repository name` };
  }
  if (tag !== undefined && !isTag(tag)) {
    return { reason: 'name-not-valid', problem: `"${tag.slice(0, 128)}" is not a tag` };
  }
  if (!ports.isConfigured(registry)) {
    return { reason: 'registry-not-configured', problem: `the registry "${registry}" is not configured` };
  }
  return { registry, repository, tag };
}

/** Only a push: what a tag names now says nothing of what was deleted or pulled then. */
async function digestOfTag(
  ports: Ports,
  { registry, repository, tag }: Place,
  notice: Notice,
  resolved: Map<string, string | undefined>,
): Promise<string | undefined> {
  if (tag === undefined || notice.action !== 'push') return undefined;
  const key = `${repository}:${tag}`;
  if (!resolved.has(key)) resolved.set(key, await ports.resolveTag({ registry, repository, tag }));
  return resolved.get(key);
}

/** By the sender's clock, but never later than ours: a time in the future would outlast every later push of the tag. */
function timeOf({ occurredAt }: Notice, { clock }: Ports): string {
  const now = clock.now().getTime();
  const told = occurredAt === undefined ? Number.NaN : new Date(occurredAt).getTime();
  return new Date(told > 0 ? Math.min(told, now) : now).toISOString();
}

interface Subject {
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly tags: string[];
}

function draft({ action, mediaType, artifactType, actor }: Notice, where: Subject, time: string): EventDraft {
  const subject = { ...where, ...(mediaType ? { mediaType } : {}) };
  switch (action) {
    case 'push':
      return draftEvent(imagePushed, {
        subject,
        origin: 'webhook',
        pushedAt: time,
        ...(artifactType ? { artifactType } : {}),
        ...(actor ? { actor } : {}),
      });
    case 'delete':
      return draftEvent(imageDeleted, { subject, origin: 'webhook', deletedAt: time });
    case 'pull':
      return draftEvent(imagePulled, { subject, origin: 'webhook', pulledAt: time, ...(actor ? { actor } : {}) });
    default:
      return unreachable(action);
  }
}
