import type { z } from 'zod';
import { dynamoVerdictBoard } from '../../lib/attestation/adapters/dynamo-verdict-board.ts';
import { predicateTypes } from '../../lib/attestation/index.ts';
import { logger } from '../../lib/aws/telemetry.ts';
import { systemClock } from '../../lib/core/clock.ts';
import type { Digest } from '../../lib/core/digest.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import {
  type EventDraft,
  type EventMetadata,
  type ImageSubject,
  imageCataloged,
  imageDeleted,
  imageExpired,
  sbomCreated,
  sbomReceived,
} from '../../lib/events/index.ts';
import { documentExternalSboms } from '../../lib/external-sboms/adapters/document-external-sboms.ts';
import { documentQuality } from '../../lib/external-sboms/adapters/document-quality.ts';
import { documentSbomRemover } from '../../lib/external-sboms/adapters/document-sbom-remover.ts';
import { sbomsConfigSchema } from '../../lib/external-sboms/config.ts';
import { forgetSboms, judgeImage, reviewSboms, reviewUpload, toTrust } from '../../lib/external-sboms/index.ts';
import { dynamoCatalog } from '../../lib/inventory/adapters/dynamo-catalog.ts';
import { subjectOfTag } from '../../lib/registry/index.ts';
import { documentInventoryStore } from '../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { once } from '../_pipe/once.ts';
import { registries } from '../_pipe/registries.ts';
import { route, stageHandler } from '../_pipe/stage-handler.ts';
import { documents, setting, stagePorts, table } from '../_pipe/wiring.ts';

type Cataloged = z.infer<typeof imageCataloged.data>;

const config = once(() => setting('sboms', sbomsConfigSchema));
const trust = once(() => toTrust(config()));
const ports = once(() => {
  const store = documents('documents');
  return {
    externals: documentExternalSboms(store),
    qualities: documentQuality(store),
    inventories: documentInventoryStore(store),
    own: documentSbomStore(store),
    clock: systemClock,
  };
});

async function review(subject: ImageSubject, { id: cause, occurredAt }: EventMetadata) {
  if (!config().discover) return [];
  const registry = await registries().open(subject.registry);
  const { events, unusable } = await reviewSboms({ ...ports(), registry, trust: trust() }, subject, {
    cause,
    occurredAt,
  });
  for (const { manifest, why } of unusable) logger.warn(`an SBOM of ${locationKey(subject)} in ${manifest}: ${why}`);
  return events;
}

const created = route({
  on: sbomCreated,
  key: ({ subject, sbom }) => ({ subject: locationKey(subject), stage: 'compare-sboms', version: sbom.generator }),
  perform: async ({ subject }, metadata) => {
    const own = await ports().own.get(subject.digest);
    if (own) await judgeImage(ports(), own);
    return review(subject, metadata);
  },
});

/** What an SBOM that was attached is about: its subject, or the digest in a tag of cosign's. */
const aboutOf = ({ subject, referrerOf }: Pick<Cataloged, 'subject' | 'referrerOf'>): Digest | undefined =>
  referrerOf ?? subject.tags.map(subjectOfTag).find((one) => one?.suffix !== undefined)?.digest;

/** Work on the image that it is about, once for each thing that was attached; our own statement is one of them. */
const attached = route({
  on: imageCataloged,
  key: (data) => ({
    subject: locationKey({ ...data.subject, digest: aboutOf(data) ?? data.subject.digest }),
    stage: 'compare-sboms',
    version: data.subject.digest,
  }),
  perform: async (data, metadata) => {
    const digest = aboutOf(data);
    return digest ? review({ ...data.subject, digest, tags: [] }, metadata) : [];
  },
});

const uploaded = route({
  on: sbomReceived,
  key: ({ subject, sbom }) => ({ subject: locationKey(subject), stage: 'compare-sboms', version: sbom.digest }),
  perform: ({ subject }, { id: cause, occurredAt }) => reviewUpload(ports(), subject, { cause, occurredAt }),
});

const forget = once(() => {
  const board = dynamoVerdictBoard(table('signatures'));
  return {
    catalog: dynamoCatalog(table('catalog'), systemClock),
    sboms: documentSbomRemover(documents('documents')),
    ledger: stagePorts().ledger,
    attached: async (image: ImageLocation) =>
      ((await board.find(image))?.attached ?? []).flatMap(({ predicateType, digest }) =>
        predicateType === predicateTypes.cyclonedx || predicateType === predicateTypes.spdx ? [digest] : [],
      ),
  };
});

async function forgetOne(data: Parameters<typeof forgetSboms>[1]) {
  const registry = await registries().open(data.subject.registry);
  const forgotten = await forgetSboms({ ...forget(), registry }, data, config());
  if (forgotten.kind === 'removed') return forgotten.events;
  const why = forgotten.kind === 'kept' ? forgotten.why : forgotten.kind;
  logger.info(`SBOMs of ${locationKey(data.subject)} stay: ${why}`);
  return [];
}

/** What retention deletes is told with its whole graph; not every registry tells of it as well. */
const expired = route({
  on: imageExpired,
  key: ({ subject }, { id }) => ({ subject: locationKey(subject), stage: 'forget-sboms', version: id }),
  perform: async ({ subject, deleted: gone }, { occurredAt: deletedAt }) => {
    const { registry, repository } = subject;
    const events: EventDraft[] = [];
    for (const digest of gone) {
      events.push(...(await forgetOne({ subject: { registry, repository, digest, tags: [] }, deletedAt })));
    }
    return events;
  },
});

const deleted = route({
  on: imageDeleted,
  key: ({ subject, deletedAt }) => ({ subject: locationKey(subject), stage: 'forget-sboms', version: deletedAt }),
  perform: forgetOne,
});

export const handler = stageHandler(once(stagePorts), [created, attached, uploaded, deleted, expired]);
