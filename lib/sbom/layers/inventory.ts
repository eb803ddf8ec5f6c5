import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { once } from '../../core/once.ts';
import type { FileKind } from '../catalogers/cataloger.ts';
import { gapSchema } from '../model-parts.ts';

const digestSchema = z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest');

/** Something odd in a layer that costs nothing: a path that climbs over the root, a whiteout without a name. */
const remarkSchema = z.object({ code: z.string(), path: z.string().optional() });
export type Remark = Readonly<z.infer<typeof remarkSchema>>;

/**
 * All that is ever needed of a layer, so that it is read once in its life: its file tree, and what its files of interest
 * say. An image is the merge of its layers' inventories.
 */
const inventorySchema = once(() =>
  z.object({
    schemaVersion: z.literal(1),
    /** Which kinds of files were looked for, with the version of each one's reader. */
    kinds: z.record(z.string(), z.int()),
    /** Of the blob. */
    digest: digestSchema,
    /** Of the tar archive in it. */
    diffId: digestSchema,
    compression: z.enum(['gzip', 'zstd', 'none']),
    /** Bytes of the blob. */
    size: z.int().nonnegative(),
    /** Bytes of the tar archive. */
    unpackedBytes: z.int().nonnegative(),
    entries: z.int().nonnegative(),
    files: z.int().nonnegative(),
    /** Bytes of the files' contents. */
    contentBytes: z.number().nonnegative(),
    /** See `file-tree.ts`. */
    tree: z.string(),
    /** What the files of interest say, by the number of the tree's entry. */
    contents: z.array(z.object({ entry: z.int().nonnegative(), kind: z.string(), content: z.unknown() })),
    gaps: z.array(gapSchema),
    remarks: z.array(remarkSchema),
    /** Remarks in all; only the first ones are kept. */
    remarkCount: z.int().nonnegative(),
  }),
);
export type LayerInventory = Readonly<z.infer<ReturnType<typeof inventorySchema>>>;

export const kindVersions = (kinds: readonly FileKind[]): Record<string, number> =>
  Object.fromEntries(kinds.map((kind) => [kind.id, kind.version]));

/**
 * Reads back a stored inventory. Undefined where it does not serve: it is damaged, or was made when some kind of file was
 * not looked for or read worse. Then the layer is read again, which mends either.
 */
export function readInventory(stored: unknown, kinds: readonly FileKind[]): LayerInventory | undefined {
  const parsed = inventorySchema().safeParse(stored);
  if (!parsed.success) return undefined;
  const inventory = parsed.data;
  const byId = new Map(kinds.map((kind) => [kind.id, kind]));
  if (kinds.some((kind) => inventory.kinds[kind.id] !== kind.version)) return undefined;
  const schemas = new Map([...byId].map(([id, kind]) => [id, once(() => kind.schema())]));
  const valid = inventory.contents.every(
    ({ kind, content }) => schemas.get(kind)?.().safeParse(content).success ?? true,
  );
  return valid ? inventory : undefined;
}
