import { isDigest } from '../core/digest.ts';
import { describeError, isLadingError } from '../core/errors.ts';
import { IN_TOTO_PAYLOAD_TYPE, isAbout, parseStatement } from '../formats/intoto/index.ts';
import { type Descriptor, formatPlatform, type Manifest, parseManifest } from '../formats/oci/index.ts';
import { type BlobReader, collectContent, type ManifestReader } from '../registry/index.ts';
import type { FoundSbom, UnusableSbom } from './model.ts';
import { isSbomPredicate, sbomOfStatement } from './read-statement-sbom.ts';

/** Attestation manifests of an index, and statements in each, that are looked at. */
const MAX_MANIFESTS = 50;
const MAX_STATEMENTS = 20;
/** Of one statement: BuildKit's name every file. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * Finds the SBOMs that BuildKit put into an index: manifests that say which image they are about, with statements as
 * layers (moby/buildkit, docs/attestations/attestation-storage.md). They are not signed.
 */
export async function findBuildkitSboms(
  registry: ManifestReader & BlobReader,
  repository: string,
  index: Manifest,
): Promise<{ readonly found: readonly FoundSbom[]; readonly unusable: readonly UnusableSbom[] }> {
  const found: FoundSbom[] = [];
  const unusable: UnusableSbom[] = [];
  if (index.kind !== 'index') return { found, unusable };
  const children = new Map(index.manifests.map((one) => [one.digest, one]));
  const attested = index.manifests.flatMap((descriptor) => {
    const image = descriptor.annotations?.['vnd.docker.reference.digest'];
    const isAttestation = descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
    const child = isDigest(image) ? children.get(image) : undefined;
    return isAttestation && child ? [{ child, descriptor }] : [];
  });
  for (const { child, descriptor } of attested.slice(0, MAX_MANIFESTS)) {
    try {
      found.push(...(await readManifest(registry, repository, descriptor, child)));
    } catch (error) {
      if (!isLadingError(error) || error.retryable) throw error;
      unusable.push({ manifest: descriptor.digest, why: describeError(error) });
    }
  }
  return { found, unusable };
}

async function readManifest(
  registry: ManifestReader & BlobReader,
  repository: string,
  { digest }: Descriptor,
  child: Descriptor,
): Promise<readonly FoundSbom[]> {
  const fetched = await registry.getManifest({ repository, reference: digest });
  if (!fetched) return [];
  const manifest = parseManifest(fetched.bytes, fetched.mediaType, { digest });
  if (manifest.kind === 'index') return [];
  const layers = manifest.layers.filter(
    ({ mediaType, annotations, size }) =>
      mediaType === IN_TOTO_PAYLOAD_TYPE &&
      size <= MAX_BYTES &&
      isSbomPredicate(annotations?.['in-toto.io/predicate-type'] ?? ''),
  );
  const found: FoundSbom[] = [];
  for (const layer of layers.slice(0, MAX_STATEMENTS)) {
    const bytes = await collectContent(
      registry.openBlob({ repository, digest: layer.digest, size: layer.size }),
      MAX_BYTES,
    );
    const statement = parseStatement(bytes, MAX_BYTES);
    const content = sbomOfStatement(statement);
    // The annotation is the index's word; the statement must be about that image, too.
    if (content && isAbout(statement, child.digest)) {
      found.push({
        image: child.digest,
        content,
        origin: 'buildkit',
        manifest: digest,
        standing: { kind: 'unsigned' },
        child: {
          mediaType: child.mediaType,
          ...(child.platform ? { platform: formatPlatform(child.platform) } : {}),
        },
      });
    }
  }
  return found;
}
