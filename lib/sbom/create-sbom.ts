import type { Clock } from '../core/clock.ts';
import type { Digest } from '../core/digest.ts';
import { isLadingError, LimitExceededError } from '../core/errors.ts';
import {
  type ArtifactClass,
  artifactClassOf,
  type Descriptor,
  formatPlatform,
  hasContents,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  isUnknownPlatform,
  type Manifest,
} from '../formats/oci/index.ts';
import { artifactContent } from './artifact-content.ts';
import { buildSbom } from './build-sbom.ts';
import { type InventoryImageOptions, inventoryImage } from './inventory-image.ts';
import { mergeSboms } from './merge-sboms.ts';
import type { Base, Gap, Sbom } from './model.ts';
import { findBase, type KnownBases } from './origin/find-base.ts';
import type { ImageSource, LayerInventoryStore, SbomStore, StoredSbom } from './ports.ts';
import { readConfig } from './read-config.ts';
import { toCycloneDx } from './to-cyclonedx.ts';

export interface CreateSbomInput {
  readonly image: Digest;
  /** Where the image is; they name the subject of the CycloneDX document. */
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
  /** Also what lock files name where nothing of it is installed. */
  readonly declared?: boolean | undefined;
}

export interface CreateSbomPorts {
  readonly source: ImageSource;
  readonly inventories: LayerInventoryStore;
  readonly sboms: SbomStore;
  readonly clock: Clock;
  /** Without it only annotations and history tell what an image was built on. */
  readonly knownBases?: KnownBases | undefined;
}

export type CreateSbomResult =
  | {
      readonly status: 'created';
      readonly sbom: Sbom;
      /** Of an index: the SBOMs of its images, in their order. */
      readonly children: readonly Sbom[];
      readonly stored: StoredSbom;
      /** Different layers whose bytes were read, and those that were known before. */
      readonly layersRead: number;
      readonly layersReused: number;
    }
  /** A signature, an attestation, a chart: it has no packages of its own, which is not the same as none found. */
  | { readonly status: 'not-an-image'; readonly artifactClass: ArtifactClass }
  | { readonly status: 'unknown-image' };

const BAD_CONFIG: ReadonlySet<string> = new Set(['image-config-invalid', 'size-mismatch', 'digest-mismatch']);

/** DESIGN: index recursion is at most three deep. */
const MAX_INDEX_DEPTH = 3;

/**
 * Makes and stores the SBOM of an image, of a model or WebAssembly artifact, or of an index over images as the union of theirs. Doing it again gives the
 * same documents, but for the time in the CycloneDX one.
 *
 * @throws LadingError `manifest-invalid` and what the ports throw
 */
export async function createSbom(
  input: CreateSbomInput,
  ports: CreateSbomPorts,
  options: InventoryImageOptions = {},
): Promise<CreateSbomResult> {
  const manifest = await ports.source.manifest(input.image, options.signal);
  if (!manifest) return { status: 'unknown-image' };
  const artifactClass = artifactClassOf(manifest);
  const work = new SbomWork(ports, options, input.declared);
  let sbom: Sbom;
  if (manifest.kind === 'index' && artifactClass === 'index') sbom = await work.ofIndex(manifest);
  else if (manifest.kind === 'image' && artifactClass === 'image') sbom = await work.ofImage(manifest, undefined);
  else if (manifest.kind !== 'index' && hasContents(artifactClass)) sbom = await work.ofArtifact(manifest);
  else return { status: 'not-an-image', artifactClass };
  const { registry, repository } = input;
  const document = toCycloneDx(sbom, { timestamp: ports.clock.now().toISOString(), registry, repository });
  const stored = await ports.sboms.put(sbom, document);
  const { children, read, reused } = work;
  return { status: 'created', sbom, children, stored, layersRead: read.size, layersReused: reused.size };
}

class SbomWork {
  readonly #ports: CreateSbomPorts;
  readonly #options: InventoryImageOptions;
  readonly #declared: boolean | undefined;
  readonly children: Sbom[] = [];
  readonly read = new Set<Digest>();
  readonly reused = new Set<Digest>();

  constructor(ports: CreateSbomPorts, options: InventoryImageOptions, declared: boolean | undefined) {
    this.#ports = ports;
    this.#options = options;
    this.#declared = declared;
  }

  async ofImage(manifest: ImageManifest, descriptor: Descriptor | undefined): Promise<Sbom> {
    // The layers are asked for at once: what the configuration promises of them is compared in the end.
    const asked = this.#config(manifest);
    const [{ config, gaps }, base, inventory] = await Promise.all([
      asked,
      asked.then((answer) => this.#base(manifest, answer.config)),
      inventoryImage(
        { layers: manifest.layers, diffIds: asked.then((answer) => answer.config?.diffIds) },
        this.#ports,
        this.#options,
      ),
    ]);
    for (const digest of inventory.layersRead) this.read.add(digest);
    // Children of an index share layers: one that was read for the first is no saving for the second.
    for (const digest of inventory.layersReused) if (!this.read.has(digest)) this.reused.add(digest);
    const platform = descriptor?.platform ?? (config?.os ? config : undefined);
    return buildSbom(
      { digest: manifest.digest, platform: platform && formatPlatform(platform) },
      { ...inventory, gaps: [...gaps, ...inventory.gaps] },
      { declared: this.#declared, base },
    );
  }

  /** A model or a WebAssembly component: there is no file system, and the blobs are what it holds. */
  async ofArtifact({ digest, layers }: Exclude<Manifest, ImageIndex>): Promise<Sbom> {
    const inventory = await inventoryImage({ layers, contentOf: artifactContent(layers) }, this.#ports, this.#options);
    for (const one of inventory.layersRead) this.read.add(one);
    for (const one of inventory.layersReused) this.reused.add(one);
    return buildSbom({ digest }, inventory);
  }

  #base(manifest: ImageManifest, config: ImageConfig | undefined): Promise<Base | undefined> {
    const { source, knownBases } = this.#ports;
    return findBase(manifest, config, { knownBases, manifest: (one) => source.manifest(one, this.#options.signal) });
  }

  async ofIndex(index: ImageIndex): Promise<Sbom> {
    const gaps: Gap[] = [];
    const { children } = this;
    const seen = new Set<Digest>([index.digest]);
    const visit = async (parent: ImageIndex, depth: number): Promise<void> => {
      for (const descriptor of parent.manifests) {
        if (seen.has(descriptor.digest) || isUnknownPlatform(descriptor.platform)) continue;
        seen.add(descriptor.digest);
        const child = await this.#ports.source.manifest(descriptor.digest, this.#options.signal);
        if (!child) gaps.push(missingChild(descriptor.digest));
        else if (child.kind === 'image' && artifactClassOf(child, descriptor) === 'image') {
          children.push(await this.ofImage(child, descriptor));
        } else if (child.kind === 'index' && depth < MAX_INDEX_DEPTH) await visit(child, depth + 1);
        else if (child.kind === 'index') gaps.push(tooDeep(descriptor.digest));
      }
    };
    await visit(index, 1);
    return mergeSboms(index.digest, children, gaps);
  }

  async #config(manifest: ImageManifest): Promise<{ readonly config?: ImageConfig; readonly gaps: readonly Gap[] }> {
    const { config } = manifest;
    try {
      return { config: await readConfig(this.#ports.source, config, this.#options.signal), gaps: [] };
    } catch (error) {
      // The layers can be read without it; only that their content is as promised stays unproven.
      if (error instanceof LimitExceededError) {
        return { gaps: [{ reason: 'limit', code: error.limit, message: error.message }] };
      }
      if (!isLadingError(error) || !BAD_CONFIG.has(error.code)) throw error;
      return { gaps: [{ reason: 'unreadable', code: error.code, message: error.message }] };
    }
  }
}

const missingChild = (digest: Digest): Gap => ({
  reason: 'unreadable',
  code: 'child-missing',
  message: `the index names ${digest}, which the registry does not hold`,
});

const tooDeep = (digest: Digest): Gap => ({
  reason: 'limit',
  code: 'index-depth',
  message: `${digest} is an index more than ${MAX_INDEX_DEPTH} deep in another`,
});
