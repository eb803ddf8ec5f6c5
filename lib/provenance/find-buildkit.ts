import { isDigest } from '../core/digest.ts';
import { isLadingError } from '../core/errors.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { isAbout, parseStatement } from '../formats/intoto/index.ts';
import { parseManifest } from '../formats/oci/index.ts';
import { type BlobReader, collectContent, type ManifestReader } from '../registry/index.ts';
import { type Provenance, readPredicate } from './model.ts';

/** Of one statement: BuildKit's `mode=max` lists every step. */
const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;
const MOST_ATTESTATIONS = 50;
const IN_TOTO_LAYER = 'application/vnd.in-toto+json';

export interface FoundProvenance {
  readonly image: ImageLocation;
  readonly provenance: Provenance;
}

/**
 * The provenance that BuildKit put into an index: for each image a manifest that says which one it is about, with
 * statements as layers (moby/buildkit, docs/attestations/attestation-storage.md). Nobody signed it. A statement about
 * another image than the one that it stands for is left out, as is what cannot be read.
 */
export async function findBuildkitProvenance(
  registry: ManifestReader & BlobReader,
  index: ImageLocation,
): Promise<readonly FoundProvenance[]> {
  const { repository } = index;
  const fetched = await registry.getManifest({ repository, reference: index.digest });
  if (fetched === undefined) return [];
  const parsed = parseManifest(fetched.bytes, fetched.mediaType, { digest: index.digest });
  if (parsed.kind !== 'index') return [];
  const children = new Set<string>(parsed.manifests.map(({ digest }) => digest));
  const attestations = parsed.manifests
    .filter(({ annotations }) => annotations?.['vnd.docker.reference.type'] === 'attestation-manifest')
    .slice(0, MOST_ATTESTATIONS);
  const found: FoundProvenance[] = [];
  for (const { digest, annotations } of attestations) {
    const about = annotations?.['vnd.docker.reference.digest'];
    if (!isDigest(about) || !children.has(about)) continue;
    const image = { registry: index.registry, repository, digest: about };
    for (const provenance of await readAttestation(registry, { repository, digest }, image)) {
      found.push({ image, provenance });
    }
  }
  return found;
}

async function readAttestation(
  registry: ManifestReader & BlobReader,
  at: Pick<ImageLocation, 'repository' | 'digest'>,
  image: ImageLocation,
): Promise<readonly Provenance[]> {
  const found: Provenance[] = [];
  try {
    const fetched = await registry.getManifest({ repository: at.repository, reference: at.digest });
    if (fetched === undefined) return [];
    const manifest = parseManifest(fetched.bytes, fetched.mediaType, { digest: at.digest });
    const layers = manifest.kind === 'index' ? [] : manifest.layers;
    for (const { digest, size, mediaType, annotations } of layers) {
      if (mediaType !== IN_TOTO_LAYER || size > MAX_STATEMENT_BYTES) continue;
      if (!/\/provenance\//.test(annotations?.['in-toto.io/predicate-type'] ?? '')) continue;
      const content = registry.openBlob({ repository: at.repository, digest, size });
      const statement = parseStatement(await collectContent(content, MAX_STATEMENT_BYTES), MAX_STATEMENT_BYTES);
      const read = isAbout(statement, image.digest)
        ? readPredicate(statement.predicateType, statement.predicate)
        : undefined;
      if (read === undefined) continue;
      const { predicate } = statement;
      found.push({ ...read, predicate, authenticity: 'unsigned', hosted: false, source: 'BuildKit' });
    }
  } catch (error) {
    // What one of many holds is at fault: the others may be good. A registry that cannot answer is not left out.
    if (!isLadingError(error) || error.retryable) throw error;
  }
  return found;
}
