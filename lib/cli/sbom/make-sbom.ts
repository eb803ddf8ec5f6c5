import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { digestOf } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { formatPlatform } from '../../formats/oci/index.ts';
import { documentInventoryStore } from '../../sbom/adapters/document-inventory-store.ts';
import { registryImageSource } from '../../sbom/adapters/registry-image-source.ts';
import {
  attributeFiles,
  type CreateSbomResult,
  createSbom,
  type FileCoverage,
  type LayerInventory,
  type LayerInventoryStore,
  type Sbom,
  type SubjectOptions,
} from '../../sbom/index.ts';
import { cacheFolder } from '../cache-folder.ts';
import { cachedDocuments } from '../file-documents.ts';
import { createProgress } from '../progress.ts';
import { type ImageAccess, type NamedImage, openImage } from '../source/open-image.ts';
import { hostPlatform, parsePlatform } from '../source/platform.ts';
import { selectPlatform } from '../source/select-platform.ts';
import { reportProgress } from './report-progress.ts';

export interface SbomWish extends ImageAccess {
  readonly platform?: string | undefined;
  /** Of an index: the SBOM of all its images as one. */
  readonly allPlatforms?: boolean | undefined;
  readonly cache: boolean;
  /** Also what lock files name where nothing of it is installed. */
  readonly declared?: boolean | undefined;
}

export interface MadeSbom {
  readonly image: NamedImage;
  readonly sbom: Sbom;
  /** CycloneDX 1.6 JSON. */
  readonly cycloneDx: string;
  /** Of an index with all its platforms: the SBOMs of its images. */
  readonly children: readonly Sbom[];
  /** What documents say of the image besides its digest. */
  readonly subject: SubjectOptions;
  /** How much of the image's files is told of; undefined for an index, and where layers could not be read. */
  readonly coverage: FileCoverage | undefined;
  /** What a person should know although the SBOM could be made. */
  readonly remarks: readonly string[];
}

/**
 * Makes the SBOM of an image that a person names, without any stack. What was read of a layer is kept in the user's
 * cache, so that a layer is read once.
 *
 * @throws LadingError those of `openImage`; `platform-invalid`, `platform-unknown`, `not-an-image`
 */
export async function makeSbom(text: string, wish: SbomWish): Promise<MadeSbom> {
  const platform = wish.platform === undefined ? undefined : parsePlatform(wish.platform);
  if (platform && wish.allPlatforms) {
    throw new LadingError('options-conflict', '--platform and --all-platforms exclude each other');
  }
  const image = await openImage(text, wish);
  const source = registryImageSource(image.reader, image.repository);
  const selected = wish.allPlatforms
    ? { digest: image.digest, alternatives: 0 }
    : await selectPlatform(source, image.digest, platform);
  let cycloneDx = '';
  const inventories = keepInventories(
    wish.cache ? documentInventoryStore(cachedDocuments(join(cacheFolder(), 'inventories'))) : noInventories,
  );
  const now = systemClock.now();
  const progress = createProgress(process.stderr);
  const made = await createSbom(
    { image: selected.digest, declared: wish.declared, ...image.name },
    {
      source: reportProgress(source, progress, text),
      inventories,
      clock: { now: () => now },
      sboms: {
        get: async () => undefined,
        async put(sbom, document) {
          cycloneDx = document;
          // Nothing is stored, so nobody asks for the digests: they are made for whoever does.
          const refOf = (content: () => string) => ({
            key: '',
            get digest() {
              return digestOf(content());
            },
          });
          return { native: refOf(() => JSON.stringify(sbom)), cycloneDx: refOf(() => document) };
        },
      },
    },
  ).finally(() => progress.clear());
  const remarks =
    selected.alternatives > 0
      ? [
          `${selected.alternatives + 1} images of the index are for ${formatPlatform(platform ?? hostPlatform())}; ` +
            `this is the first, ${selected.digest}. Name another by its digest.`,
        ]
      : [];
  const { sbom, children } = expectSbom(made, text);
  return {
    image,
    sbom,
    children,
    cycloneDx,
    remarks,
    subject: { timestamp: now.toISOString(), ...image.name },
    get coverage() {
      return children.length > 0 ? undefined : coverageOf(sbom, inventories.kept);
    },
  };
}

/** For `--no-cache`: not even made ready for storing. */
const noInventories: LayerInventoryStore = { get: async () => undefined, put: async () => undefined };

/** Keeps what passes by, for whoever asks how much of the files is told of. */
function keepInventories(store: LayerInventoryStore) {
  const kept = new Map<string, LayerInventory>();
  const keep = (inventory: LayerInventory): LayerInventory => {
    kept.set(inventory.digest, inventory);
    return inventory;
  };
  return {
    kept,
    async get(...asked: Parameters<LayerInventoryStore['get']>) {
      const found = await store.get(...asked);
      return found && keep(found);
    },
    put: (inventory: LayerInventory) => store.put(keep(inventory)),
  };
}

function coverageOf(sbom: Sbom, kept: ReadonlyMap<string, LayerInventory>): FileCoverage | undefined {
  const layers = sbom.layers.flatMap(({ digest }) => kept.get(digest) ?? []);
  return layers.length === sbom.layers.length ? attributeFiles(layers, sbom.packages) : undefined;
}

function expectSbom(made: CreateSbomResult, text: string): Extract<CreateSbomResult, { status: 'created' }> {
  if (made.status === 'created') return made;
  if (made.status === 'unknown-image') throw new LadingError('reference-unknown', `there is no image ${text}`);
  const article = /^[aeiou]/.test(made.artifactClass) ? 'an' : 'a';
  throw new LadingError('not-an-image', `${text} is ${article} ${made.artifactClass}, not a container image`, {
    hint: 'it has no packages of its own, which is not the same as none found',
  });
}
