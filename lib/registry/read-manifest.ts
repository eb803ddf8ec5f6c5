import type { Digest } from '../core/digest.ts';
import { type Manifest, parseManifest } from '../formats/oci/index.ts';
import type { CallOptions, ManifestReader } from './ports.ts';

export interface ReadManifest {
  readonly manifest: Manifest;
  /** Exactly as stored; at most 4 MiB. Their digest was verified. */
  readonly bytes: Uint8Array;
}

/** Manifests that were read before. What has a digest never changes under it, wherever it lies. */
export interface KnownManifests {
  get(digest: Digest): ReadManifest | undefined;
  note(read: ReadManifest): void;
}

const MOST_BYTES = 8 * 1024 * 1024;

/** In the memory of the process, which a warm function keeps; the manifests read last are kept. */
export function createKnownManifests(mostBytes = MOST_BYTES): KnownManifests {
  const known = new Map<Digest, ReadManifest>();
  let bytes = 0;
  const drop = (digest: Digest): void => {
    bytes -= known.get(digest)?.bytes.length ?? 0;
    known.delete(digest);
  };
  return {
    get: (digest) => known.get(digest),
    note(read) {
      const { digest } = read.manifest;
      drop(digest);
      known.set(digest, read);
      bytes += read.bytes.length;
      for (const oldest of known.keys()) {
        if (bytes <= mostBytes) break;
        drop(oldest);
      }
    },
  };
}

interface Wanted {
  readonly repository: string;
  readonly digest: Digest;
  /** As the descriptor that names it says, where there is one. */
  readonly size?: number | undefined;
  readonly mediaType?: string | undefined;
}

/**
 * Reads a manifest by its digest. One that is known is only asked for, which registries do not count as a pull: the
 * registry must still hold it, by the same size and type.
 *
 * @returns `undefined` where the registry does not hold it
 * @throws LadingError of `parseManifest` and of the registry
 */
export async function readManifest(
  reader: ManifestReader,
  { repository, digest, size, mediaType }: Wanted,
  { known, ...call }: CallOptions & { readonly known?: KnownManifests | undefined },
): Promise<ReadManifest | undefined> {
  const at = { repository, reference: digest };
  const before = known?.get(digest);
  const isSame = (one: { readonly size?: number | undefined; readonly mediaType?: string | undefined }): boolean =>
    (one.size ?? before?.manifest.size) === before?.manifest.size &&
    (one.mediaType ?? before?.manifest.mediaType) === before?.manifest.mediaType;
  if (before !== undefined && isSame({ size, mediaType })) {
    const head = await reader.headManifest(at, call);
    if (head === undefined) return undefined;
    if (isSame(head)) return before;
  }
  const found = await reader.getManifest(at, call);
  if (found === undefined) return undefined;
  const { bytes } = found;
  const manifest = parseManifest(bytes, found.mediaType, {
    digest,
    ...(size === undefined ? {} : { size }),
    ...(mediaType === undefined ? {} : { mediaType }),
  });
  known?.note({ manifest, bytes });
  return { manifest, bytes };
}
