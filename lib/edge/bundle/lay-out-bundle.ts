import { type Digest, digestAlgorithm, digestHex } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import { OCI_IMAGE_INDEX } from '../../formats/oci/index.ts';
import { TAR_END_BYTES, tarFileHeader, tarPadding } from '../../formats/tar/index.ts';
import type { BundleContents, BundlePart } from './model.ts';
import type { BundlePlan, PlannedPart } from './plan-bundle.ts';

/** Names of the files before the parts, in their order. */
export const DESIRED_FILE = 'lading/desired-state.json';
export const CONTENTS_FILE = 'lading/contents.json';
export const INDEX_FILE = 'index.json';
export const LAYOUT_FILE = 'oci-layout';
export const LAYOUT_MARK = '{"imageLayoutVersion":"1.0.0"}';

export const partFile = (digest: Digest): string => `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;

/** A run of bytes of the archive: told at once, or content that is read when its turn comes. */
export type Segment = { readonly offset: number; readonly size: number } & (
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'part'; readonly part: PlannedPart }
);

/** Where every byte of a bundle comes from: a function of its plan alone, so that it can be gone on with anywhere. */
export interface BundleLayout {
  readonly size: number;
  /** Bytes before the first part. */
  readonly headBytes: number;
  readonly segments: readonly Segment[];
}

/**
 * The archive (tar) of an OCI image layout (image specification 1.1, "OCI Image Layout"), which may lack blobs that are
 * found elsewhere: "the blobs directory MAY be missing referenced blobs".
 */
export function layOutBundle(plan: BundlePlan): BundleLayout {
  const files: [string, Uint8Array][] = [[LAYOUT_FILE, Buffer.from(LAYOUT_MARK)]];
  if (plan.desired) files.push([DESIRED_FILE, plan.desired.envelope]);
  files.push([CONTENTS_FILE, Buffer.from(canonicalJson(contentsOf(plan)))]);
  files.push([INDEX_FILE, Buffer.from(canonicalJson(indexOf(plan)))]);
  const head = Buffer.concat(
    files.flatMap(([path, bytes]) => [tarFileHeader(path, bytes.length), bytes, zeros(bytes.length)]),
  );

  const segments: Segment[] = [];
  let offset = 0;
  const add = (segment: { kind: 'bytes'; bytes: Uint8Array } | { kind: 'part'; part: PlannedPart }): void => {
    const size = segment.kind === 'bytes' ? segment.bytes.length : segment.part.size;
    if (size === 0) return;
    segments.push({ ...segment, offset, size });
    offset += size;
  };
  add({ kind: 'bytes', bytes: head });
  for (const part of plan.parts) {
    add({ kind: 'bytes', bytes: partHeader(part) });
    add({ kind: 'part', part });
    add({ kind: 'bytes', bytes: zeros(part.size) });
  }
  add({ kind: 'bytes', bytes: Buffer.alloc(TAR_END_BYTES) });
  return { size: offset, headBytes: head.length, segments };
}

export const partHeader = ({ digest, size }: BundlePart): Buffer => tarFileHeader(partFile(digest), size);

const zeros = (size: number): Buffer => Buffer.alloc(tarPadding(size));

function contentsOf({ desired, images, parts, attached }: BundlePlan): BundleContents {
  return {
    version: 1,
    ...(desired
      ? {}
      : {
          images: images.map(({ repository, digest, tags, parts }) => ({
            repository,
            digest,
            tags: [...tags],
            parts: parts.map(bare),
          })),
        }),
    attached: [...attached],
    parts: parts.map(bare),
  };
}

const bare = ({ digest, size, mediaType }: BundlePart): BundlePart => ({ digest, size, mediaType });

const REF_NAME = 'org.opencontainers.image.ref.name';

/** For other programs: each image by `repository:tag`, and what only a list tells, such as referrers. */
function indexOf({ images, parts, attached }: BundlePlan) {
  const named = images.flatMap(({ repository, digest, tags, parts: own }) => {
    const root = own.find((part) => part.digest === digest);
    if (root === undefined) return [];
    const names = tags.map((tag) => ({ ...bare(root), annotations: { [REF_NAME]: `${repository}:${tag}` } }));
    return names.length > 0 ? names : [bare(root)];
  });
  const byDigest = new Map(parts.map((part) => [part.digest, part]));
  const tagged = attached.flatMap(({ repository, tag, digest }) => {
    const part = byDigest.get(digest);
    return part ? [{ ...bare(part), annotations: { [REF_NAME]: `${repository}:${tag}` } }] : [];
  });
  const referrers = parts.filter(({ subject }) => subject !== undefined).map(bare);
  return { schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: [...named, ...tagged, ...referrers] };
}
