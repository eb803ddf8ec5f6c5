import type { Digest } from '../../../core/digest.ts';
import type { Descriptor, Manifest } from '../../../formats/oci/index.ts';
import { type LayoutEntry, namesOf, REF_NAME } from './layout-index.ts';

type Entries = readonly LayoutEntry[];

/** The tag moves to the manifest. What it was on stays listed, without a name if it has no other. */
export function addManifest(entries: Entries, manifest: Manifest, tag: string | undefined): Entries {
  const { mediaType, digest, size, artifactType } = manifest;
  const added: Descriptor = {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(tag === undefined ? {} : { annotations: { [REF_NAME]: tag } }),
  };
  const children = new Set(manifest.kind === 'index' ? manifest.manifests.map((d) => d.digest) : []);
  const rest = tag === undefined ? entries : removeName(entries, tag);
  // A child is reached through its index and need not be listed on its own.
  return tidy([...rest.filter((e) => isNamed(e) || !children.has(e.descriptor.digest)), entryOf(added)]);
}

export function removeName(entries: Entries, tag: string): Entries {
  return tidy(
    entries.map((entry) => {
      if (!namesOf(entry.descriptor).includes(tag)) return entry;
      const { annotations: _, ...unnamed } = entry.descriptor;
      return entryOf(unnamed);
    }),
  );
}

export const removeDigest = (entries: Entries, digest: Digest): Entries =>
  entries.filter((entry) => entry.descriptor.digest !== digest);

/** An entry without a name is there only to list a manifest that no other entry lists. */
function tidy(entries: Entries): Entries {
  const listed = new Set(entries.filter(isNamed).map((e) => e.descriptor.digest));
  return entries.filter((entry) => {
    const { digest } = entry.descriptor;
    if (isNamed(entry)) return true;
    if (listed.has(digest)) return false;
    listed.add(digest);
    return true;
  });
}

const isNamed = ({ descriptor }: LayoutEntry): boolean => namesOf(descriptor).length > 0;
const entryOf = (descriptor: Descriptor): LayoutEntry => ({ descriptor, raw: descriptor });
