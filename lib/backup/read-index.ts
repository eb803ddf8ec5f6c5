import { z } from 'zod';
import type { Digest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../core/json.ts';
import { digestSchema } from '../events/index.ts';
import { OCI_IMAGE_INDEX } from '../formats/oci/index.ts';
import { collectContent, type RegistryReader } from '../registry/index.ts';
import { merkleTree } from '../replication/index.ts';
import { BELONGS_TO, type PartRole, partRoles, REF_NAME, type RepositorySnapshot, ROLE } from './model.ts';

/** What a repository held. */
export interface RepositoryContent {
  readonly tags: ReadonlyMap<string, Digest>;
  /** Every manifest, with what it belongs to: its index or its subject. */
  readonly manifests: ReadonlyMap<Digest, ContentEntry>;
}

export interface ContentEntry {
  readonly mediaType: string;
  readonly size: number;
  readonly role: PartRole;
  /** Absent for a root. */
  readonly belongsTo?: Digest;
}

const MAX_INDEX_BYTES = 64 * 1024 * 1024;

const indexSchema = z.object({
  manifests: z.array(
    z.object({
      mediaType: z.string(),
      digest: digestSchema,
      size: z.int().nonnegative(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

/**
 * An OCI image index as the `index.json` of a layout has it (image specification, "Image Layout"): an entry for each tag,
 * and one for each manifest that has none. With it and the blobs, any tool that reads layouts can read the backup.
 */
export function encodeIndex({ tags, manifests }: RepositoryContent): Uint8Array {
  const tagsOf = new Map<Digest, string[]>();
  for (const [tag, digest] of tags) tagsOf.set(digest, [...(tagsOf.get(digest) ?? []), tag]);
  const entries = [...manifests].flatMap(([digest, { mediaType, size, role, belongsTo }]) => {
    const belonging = belongsTo === undefined ? {} : { [ROLE]: role, [BELONGS_TO]: belongsTo };
    const named = (tagsOf.get(digest) ?? []).sort().map((tag) => ({ ...belonging, [REF_NAME]: tag }));
    const annotations = named.length > 0 ? named : [belonging];
    return annotations.map((given) => ({
      mediaType,
      digest,
      size,
      ...(Object.keys(given).length > 0 ? { annotations: given } : {}),
    }));
  });
  // One content has one index, in whatever order it was read: what did not change is stored once.
  entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return Buffer.from(canonicalJson({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: entries }));
}

const keyOf = (entry: { digest: string; annotations?: Record<string, string> }): string =>
  `${entry.digest} ${entry.annotations?.[REF_NAME] ?? ''}`;

/** @throws LadingError `snapshot-damaged`; of the vault, where it is not there or not what its digest says */
export async function readIndex(
  vault: RegistryReader,
  repository: string,
  { name, index }: RepositorySnapshot,
): Promise<RepositoryContent> {
  const bytes = await collectContent(vault.openBlob({ repository, ...index }), MAX_INDEX_BYTES);
  const parsed = indexSchema.safeParse(
    parseJsonStrict(bytes, { what: `the index of ${name}`, maxBytes: MAX_INDEX_BYTES }),
  );
  if (!parsed.success)
    throw new LadingError('snapshot-damaged', `the index of ${name}: ${z.prettifyError(parsed.error)}`);
  const tags = new Map<string, Digest>();
  const manifests = new Map<Digest, ContentEntry>();
  for (const { mediaType, digest, size, annotations = {} } of parsed.data.manifests) {
    const belongsTo = digestSchema.safeParse(annotations[BELONGS_TO]);
    const role = partRoles.find((one) => one === annotations[ROLE]) ?? 'root';
    manifests.set(digest, { mediaType, size, role, ...(belongsTo.success ? { belongsTo: belongsTo.data } : {}) });
    const tag = annotations[REF_NAME];
    if (tag !== undefined) tags.set(tag, digest);
  }
  return { tags, manifests };
}

/** The same for equal content, and for no other. */
export function rootOf({ tags, manifests }: RepositoryContent): Digest {
  const leaves = new Map<string, string>();
  for (const [tag, digest] of tags) leaves.set(`tag ${tag}`, digest);
  for (const digest of manifests.keys()) leaves.set(`manifest ${digest}`, digest);
  return merkleTree(leaves).root;
}
