import { locationKey } from '../../lib/core/image-reference.ts';
import { draftEvent, imageCataloged, sbomCreated } from '../../lib/events/index.ts';
import { hasContents } from '../../lib/formats/oci/index.ts';
import { dynamoLayerChains } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { documentInventoryStore } from '../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { registryImageSource } from '../../lib/sbom/adapters/registry-image-source.ts';
import { createSbom, GENERATOR_VERSION } from '../../lib/sbom/index.ts';
import { largeWork } from './large-work.ts';
import { once } from './once.ts';
import { registries } from './registries.ts';
import { route, stageHandler } from './stage-handler.ts';
import { documents, stagePorts, table } from './wiring.ts';

const ports = once(() => {
  const store = documents('documents');
  return {
    inventories: documentInventoryStore(store),
    sboms: documentSbomStore(store),
    knownBases: dynamoLayerChains(table('catalog')),
  };
});

const creation = route({
  on: imageCataloged,
  key: ({ subject }) => ({ subject: locationKey(subject), stage: 'sbom', version: GENERATOR_VERSION }),
  bytes: ({ sizeBytes }) => sizeBytes,
  perform: async ({ subject, artifactClass }, { occurredAt }, signal) => {
    if (!hasContents(artifactClass)) return [];
    const source = registryImageSource(await registries().open(subject.registry), subject.repository);
    // The document's time is that of the event, so that a retry makes the same bytes.
    const clock = { now: () => new Date(occurredAt) };
    const result = await createSbom({ image: subject.digest, ...subject }, { ...ports(), source, clock }, { signal });
    if (result.status === 'unknown-image') return undefined;
    if (result.status !== 'created') return [];
    const { sbom, stored, layersRead, layersReused } = result;
    const [gap] = sbom.gaps;
    return [
      draftEvent(sbomCreated, {
        subject,
        sbom: {
          ...stored.cycloneDx,
          format: 'cyclonedx-json',
          generator: `lading ${GENERATOR_VERSION}`,
          packages: sbom.packages.length,
          outcome: sbom.outcome,
          ...(gap ? { detail: gap.message } : {}),
        },
        layersRead,
        layersReused,
      }),
    ];
  },
});

/** Makes SBOMs of images as they are cataloged; the same for all sizes, so that a worker's size is its only difference. */
export const sbomStage = () => stageHandler(once(stagePorts), [creation], largeWork);
