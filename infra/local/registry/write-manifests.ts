import { createHash } from 'node:crypto';
import { type Digest, digestAlgorithm, digestOf } from '../../../lib/core/digest.ts';
import { explainDiskError } from './errors.ts';
import type {
  BlobReference,
  DeleteOutcome,
  ManifestSummary,
  PullThroughSource,
  PutManifestOutcome,
  RegistryEvent,
} from './model.ts';
import { MAX_MANIFEST_BYTES, readManifest } from './read-manifest.ts';
import { onDisk, requireSpace } from './space.ts';
import type { Repository } from './state.ts';
import type { StoreParts } from './store-parts.ts';
import { isStored } from './write-blobs.ts';

export interface PushedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType?: string | undefined;
  readonly digest?: Digest | undefined;
  readonly tags?: readonly string[] | undefined;
  /** From an upstream, by a mirror: what it names comes when somebody asks for it. */
  readonly pulledFrom?: PullThroughSource | undefined;
}

/** Of a line of the journal, what does not come from the manifest: names and tags, which are bounded. */
const LINE = 2048;

/** Checks and stores a manifest and moves its tags to it: one record, so that a tag never leads nowhere. */
export async function putManifest(
  parts: StoreParts,
  name: string,
  pushed: PushedManifest,
): Promise<PutManifestOutcome> {
  const { bytes, tags = [] } = pushed;
  if (bytes.length > MAX_MANIFEST_BYTES) return { outcome: 'too-large', limit: MAX_MANIFEST_BYTES };
  const digest = hashAs(bytes, pushed.digest);
  if (pushed.digest !== undefined && pushed.digest !== digest) return { outcome: 'digest-mismatch', actual: digest };
  const reading = readManifest(bytes, pushed.mediaType);
  if (reading.kind === 'refused') return { outcome: 'invalid', reason: reading.reason };
  const { summary } = reading;
  // Asked again under the lock; asked here so that what is refused writes no file.
  const { pulledFrom } = pushed;
  const early = checkReferences(parts.state.repositories.get(name), summary, pulledFrom !== undefined);
  if (early) return early;
  // Before any lock is held: making room takes locks, too.
  const settle = await requireSpace(parts.space, onDisk(bytes.length) + 2 * onDisk(bytes.length + LINE));
  try {
    return await parts.locks.digest.run(digest, async () => {
      if (!(await isStored(parts, digest, bytes.length))) await parts.files.write(bytes, digest);
      return parts.locks.repository.run(name, () =>
        record(parts, name, digest, summary, { tags: [...new Set(tags)], pulledFrom }),
      );
    });
  } catch (error) {
    throw explainDiskError(error);
  } finally {
    settle();
  }
}

async function record(
  parts: StoreParts,
  name: string,
  digest: Digest,
  summary: ManifestSummary,
  { tags, pulledFrom }: { readonly tags: readonly string[]; readonly pulledFrom: PullThroughSource | undefined },
): Promise<PutManifestOutcome> {
  const refusal = checkReferences(parts.state.repositories.get(name), summary, pulledFrom !== undefined);
  if (refusal) return refusal;
  const created = !parts.state.repositories.get(name)?.manifests.has(digest);
  const time = parts.clock.now();
  const manifest = { ...summary, blobs: [...summary.blobs], children: [...summary.children] };
  await parts.journal.append({
    type: 'manifest',
    repository: name,
    digest,
    manifest,
    tags: [...tags],
    at: time.getTime(),
  });
  tell(parts, 'push', name, { digest, summary, tags, pulledFrom }, time);
  const subject = summary.subject === undefined ? {} : { subject: summary.subject };
  return { outcome: 'stored', digest, ...subject, tags, created };
}

function hashAs(bytes: Uint8Array, wanted: Digest | undefined): Digest {
  if (wanted === undefined || digestAlgorithm(wanted) === 'sha256') return digestOf(bytes);
  return `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
}

/**
 * What a manifest names must be there, and of the size it says; not its subject, which may come later
 * (distribution-spec 1.1, "Push"), and not layers that may not be distributed.
 */
function checkReferences(
  repository: Repository | undefined,
  { blobs, children }: ManifestSummary,
  partsMayCome: boolean,
): PutManifestOutcome | undefined {
  const missing: Digest[] = [];
  const check = (each: BlobReference, size: number | undefined): PutManifestOutcome | undefined => {
    if (size === undefined && each.optional !== true && !partsMayCome) missing.push(each.digest);
    if (size === undefined || size === each.size) return undefined;
    return { outcome: 'invalid', reason: `${each.digest} has ${size} bytes, but the manifest says ${each.size}` };
  };
  for (const each of blobs) {
    // An index may name content of any type; what it stored as a manifest counts too.
    const size = repository?.blobs.get(each.digest)?.size ?? repository?.manifests.get(each.digest)?.summary.size;
    const problem = check(each, size);
    if (problem) return problem;
  }
  for (const each of children) {
    const problem = check(each, repository?.manifests.get(each.digest)?.summary.size);
    if (problem) return problem;
  }
  return missing.length > 0 ? { outcome: 'unknown-references', missing } : undefined;
}

export function deleteManifest(parts: StoreParts, name: string, digest: Digest): Promise<DeleteOutcome> {
  return parts.locks.repository.run(name, async () => {
    const repository = parts.state.repositories.get(name);
    const entry = repository?.manifests.get(digest);
    if (!repository || !entry) return { outcome: 'unknown' };
    const [by] = repository.namedBy.get(digest) ?? [];
    if (by !== undefined) return { outcome: 'referenced', by };
    const tags = [...entry.tags].sort();
    await parts.journal.append({ type: 'manifest-deleted', repository: name, digest });
    tell(parts, 'delete', name, { digest, summary: entry.summary, tags }, parts.clock.now());
    return { outcome: 'deleted', digest };
  });
}

export function deleteTag(parts: StoreParts, name: string, tag: string): Promise<DeleteOutcome> {
  return parts.locks.repository.run(name, async () => {
    const repository = parts.state.repositories.get(name);
    const digest = repository?.tags.get(tag)?.digest;
    const entry = digest && repository?.manifests.get(digest);
    if (!digest || !entry) return { outcome: 'unknown' };
    await parts.journal.append({ type: 'tag-deleted', repository: name, tag });
    tell(parts, 'delete', name, { digest, summary: entry.summary, tags: [tag] }, parts.clock.now());
    return { outcome: 'deleted', digest };
  });
}

export function deleteRepository(
  parts: StoreParts,
  name: string,
  force: boolean,
): Promise<'deleted' | 'unknown' | 'not-empty'> {
  return parts.locks.repository.run(name, async () => {
    const repository = parts.state.repositories.get(name);
    if (!repository) return 'unknown';
    if (repository.manifests.size > 0 && !force) return 'not-empty';
    const gone = [...repository.manifests];
    const tagsOf = new Map(gone.map(([digest, { tags }]) => [digest, [...tags].sort()]));
    await parts.journal.append({ type: 'repository-deleted', repository: name });
    const time = parts.clock.now();
    for (const [digest, { summary }] of gone) {
      tell(parts, 'delete', name, { digest, summary, tags: tagsOf.get(digest) ?? [] }, time);
    }
    return 'deleted';
  });
}

/** One event per tag, as ECR does; one without a tag where there is none. */
function tell(
  parts: StoreParts,
  kind: RegistryEvent['kind'],
  repository: string,
  what: {
    readonly digest: Digest;
    readonly summary: ManifestSummary;
    readonly tags: readonly string[];
    readonly pulledFrom?: PullThroughSource | undefined;
  },
  time: Date,
): void {
  const { digest, summary, tags, pulledFrom } = what;
  const artifactMediaType = artifactMediaTypeOf(summary);
  const event: RegistryEvent = {
    kind,
    repository,
    digest,
    manifestMediaType: summary.mediaType,
    ...(artifactMediaType === undefined ? {} : { artifactMediaType }),
    ...(pulledFrom === undefined ? {} : { pulledFrom }),
    time,
  };
  if (tags.length === 0) parts.emit(event);
  for (const tag of tags) parts.emit({ ...event, tag });
}

export const artifactMediaTypeOf = ({ artifactType, configMediaType }: ManifestSummary): string | undefined =>
  artifactType ?? configMediaType;
