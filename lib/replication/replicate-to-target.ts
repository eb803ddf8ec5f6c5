import type { Digest } from '../core/digest.ts';
import { LadingError, unreachable } from '../core/errors.ts';
import { locationKey } from '../core/image-reference.ts';
import {
  draftEvent,
  type EventDraft,
  type ImageSubject,
  imageReplicated,
  replicaDiverged,
  replicationRequested,
} from '../events/index.ts';
import type { Registries, RegistryReader } from '../registry/index.ts';
import { deriveIndex } from './derive-index.ts';
import { holdSlot } from './hold-slot.ts';
import type { ReplicationRequest, ReplicationResult } from './model.ts';
import { type ByteBudget, createPace } from './pace.ts';
import type { CopySlots } from './ports.ts';
import { type ReplicationPorts, replicateImage } from './replicate-image.ts';
import type { ImageTarget } from './replication-targets.ts';
import type { CheckpointStore, TransferLimits } from './transfer-limits.ts';

export interface TargetPorts extends Omit<ReplicationPorts, 'source' | 'target'> {
  readonly registries: Registries;
  /** Where uploads in parts are written down; without it no blob is sent in parts. */
  readonly checkpoints?: CheckpointStore;
  readonly bytes: ByteBudget;
  /** Who else copies to a target; without it each worker copies as it likes. */
  readonly slots?: CopySlots;
  readonly pause: (ms: number) => Promise<unknown>;
  /** What is worth knowing and no error: tags that were left, referrers that could not be listed. */
  readonly note: (message: string) => void;
}

/** How a worker copies: which lane it is, how long it may, and what came before. */
export interface CopyRun {
  readonly lane: 'usual' | 'large';
  /** More bytes than this that are missing are left to the large lane. */
  readonly largeBytes: number;
  readonly mayGoOn: () => boolean;
  readonly part: number;
  readonly thorough?: boolean;
  /** When the image came to its source. ISO 8601. */
  readonly pushedAt?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Blobs from this size on go in parts, of which a broken one costs little and a checkpoint is cheap. Bytes. */
const IN_PARTS_FROM = 256 * 1024 * 1024;
const PART_BYTES = 32 * 1024 * 1024;

/**
 * Copies an image to one target as its rule says, and tells what came of it: a whole copy, or a request to go on, for
 * this lane or for the large one.
 *
 * @returns `undefined` when the source does not have the image
 * @throws LadingError `source-incomplete` when the source itself lacks parts of the image
 */
export async function replicateToTarget(
  ports: TargetPorts,
  subject: ImageSubject,
  to: ImageTarget,
  run: CopyRun,
): Promise<readonly EventDraft[] | undefined> {
  const call = run.signal ? { signal: run.signal } : {};
  const [reader, target] = await Promise.all([
    ports.registries.open(subject.registry),
    ports.registries.open(to.registry),
  ]);
  const { source, digest, derived } = await sourceOf(reader, subject, to, call);
  const { registry, repository, rule } = to;
  const request: ReplicationRequest = {
    source: { registry: subject.registry, repository: subject.repository, digest },
    target: { registry, repository },
    tags: to.tags,
    ...(run.thorough ? { thorough: true } : {}),
    ...(rule.conflict ? { conflict: rule.conflict } : {}),
  };
  const limits = limitsOf(ports, to, run);
  const replicas =
    derived === undefined ? ports.replicas : rememberingOriginal(ports.replicas, derived, subject.digest);
  const copy = () => replicateImage({ ...ports, replicas, source, target }, request, { ...call, limits });
  const result = await withSlot(ports, to, run, copy);
  return draftsOf(ports, subject, to, run, result, derived);
}

/** Within the copies at once that the target takes, where it says so. */
async function withSlot(
  { slots, pause }: TargetPorts,
  { registry, settings }: ImageTarget,
  { mayGoOn }: CopyRun,
  copy: () => Promise<ReplicationResult>,
): Promise<ReplicationResult | { readonly kind: 'target-busy' }> {
  if (slots === undefined || settings.copies === undefined) return copy();
  const result = await holdSlot({ slots, mayGoOn, pause }, registry, settings.copies, copy);
  return result === 'busy' ? { kind: 'target-busy' } : result;
}

/** What an index was made of is written down with it, so that what is said of the original can be looked up. */
function rememberingOriginal(
  replicas: ReplicationPorts['replicas'],
  derived: Digest,
  derivedFrom: Digest,
): ReplicationPorts['replicas'] {
  return {
    ...replicas,
    intend: (record) => replicas.intend(record.target.digest === derived ? { ...record, derivedFrom } : record),
  };
}

async function sourceOf(
  reader: RegistryReader,
  { repository, digest }: ImageSubject,
  { rule }: ImageTarget,
  call: { readonly signal?: AbortSignal },
) {
  const made = rule.platforms && (await deriveIndex(reader, { repository, digest }, rule.platforms, call));
  return made
    ? { source: made.reader, digest: made.digest, derived: made.digest }
    : { source: reader, digest, derived: undefined };
}

function limitsOf(ports: TargetPorts, { registry, settings }: ImageTarget, run: CopyRun): TransferLimits {
  const { checkpoints, bytes, pause } = ports;
  const { uploads, mibPerSecond } = settings;
  return {
    mayGoOn: run.mayGoOn,
    ...(uploads === undefined ? {} : { uploads }),
    ...(mibPerSecond === undefined ? {} : { pace: createPace(bytes, pause, registry, mibPerSecond) }),
    ...(run.lane === 'large' ? {} : { mostBytes: run.largeBytes }),
    ...(checkpoints ? { inParts: { fromBytes: IN_PARTS_FROM, partBytes: PART_BYTES, checkpoints } } : {}),
  };
}

function draftsOf(
  { note, clock }: TargetPorts,
  subject: ImageSubject,
  { registry, repository, rule }: ImageTarget,
  run: CopyRun,
  result: ReplicationResult | { readonly kind: 'target-busy' },
  derived: ImageSubject['digest'] | undefined,
): readonly EventDraft[] | undefined {
  const target = { registry, repository };
  const again = (lane: CopyRun['lane'], part: number, reason: 'large' | 'resumed'): EventDraft =>
    draftEvent(replicationRequested, { subject, target, rule: rule.name, action: 'copy', reason, lane, part });
  switch (result.kind) {
    case 'source-missing':
      return undefined;
    case 'source-incomplete':
      throw new LadingError('source-incomplete', `${locationKey(subject)} lacks ${result.missing.join(', ')}`);
    case 'too-large':
      return [again('large', 0, 'large')];
    case 'target-busy':
      note(`${locationKey(subject)} goes on later: ${registry} has as many copies under way as it takes`);
      return [again(run.lane, run.part + 1, 'resumed')];
    case 'paused':
      note(`${locationKey(subject)} goes on later: ${result.bytesLeft} bytes are left for ${registry}/${repository}`);
      return [again(run.lane, run.part + 1, 'resumed')];
    case 'replicated':
      break;
    default:
      return unreachable(result);
  }
  for (const { tag, why } of result.tagsLeft) note(`the tag ${tag} of ${registry}/${repository} was left: ${why}`);
  if (!result.complete) note(`some referrers of ${locationKey(subject)} could not be listed, and were not copied`);
  const contested = result.tagsLeft.filter(({ why }) => why === 'conflict').map(({ tag }) => tag);
  const detail = `moved at both sides, and the rule "${rule.name}" leaves it to people: ${contested.join(', ')}`;
  const lagMs = run.pushedAt === undefined ? undefined : clock.now().getTime() - Date.parse(run.pushedAt);
  return [
    draftEvent(imageReplicated, {
      ...{ subject, target },
      bytesMoved: result.bytesMoved,
      blobsCopied: result.blobsCopied,
      blobsSkipped: result.blobsSkipped + result.blobsMounted,
      manifests: result.manifestsCopied,
      ...(lagMs === undefined || Number.isNaN(lagMs) || lagMs < 0 ? {} : { lagMs }),
      ...(derived ? { derived } : {}),
    }),
    ...(contested.length > 0 ? [draftEvent(replicaDiverged, { subject, target, difference: 'conflict', detail })] : []),
  ];
}
