import type { z } from 'zod';
import { locationKey } from '../core/image-reference.ts';
import {
  type EventDefinition,
  type EventDraft,
  findingsChanged,
  gateDecided,
  imageAttested,
  imageReplicated,
  imageSigned,
  sbomCreated,
  scanCompleted,
} from '../events/index.ts';
import { type CatalogEntry, type CatalogReader, missingStage, type Stage, stages } from '../inventory/index.ts';
import type { WorkLedger, WorkRecord } from '../work/index.ts';
import type { ImageOverview, StageStatus } from './model.ts';

export interface OverviewPorts {
  readonly catalog: CatalogReader;
  readonly ledger: Pick<WorkLedger, 'list'>;
}

/**
 * Puts together what the stages recorded of an image. The work ledger keeps what each stage published, so this one
 * query has every summary, and it cannot disagree with what was announced.
 *
 * @param replicated whether a rule copies the repository
 */
export async function describeImage(
  ports: OverviewPorts,
  entry: CatalogEntry,
  tags: readonly string[],
  replicated: boolean,
): Promise<ImageOverview> {
  const isGone = entry.deletedAt !== undefined;
  const records = tellingRecords(await ports.ledger.list(locationKey(entry)), isGone);
  const missing = isGone ? undefined : missingStage(entry, records, replicated);
  const outcomes = records
    .filter((record) => record.state === 'completed')
    .toSorted((a, b) => (a.updatedAt < b.updatedAt ? -1 : 1))
    .flatMap((record) => record.outcome);
  const sbom = last(outcomes, sbomCreated);
  const scan = latestScan(outcomes);
  const verdict = last(outcomes, gateDecided);
  const signature = last(outcomes, imageSigned)?.signature;
  const attestation = last(outcomes, imageAttested);
  return {
    entry,
    tags,
    stages: stages.map((stage) => status(stage, records, missing)),
    settled: missing === undefined,
    ...(sbom === undefined ? {} : { sbom }),
    ...(scan === undefined ? {} : { scan }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(signature === undefined ? {} : { signature }),
    ...(attestation === undefined ? {} : { attestation }),
    replicas: replicasOf(all(outcomes, imageReplicated)),
  };
}

/** Of an image that is gone, what was done is still told; of one that came again, only what was done since. */
const tellingRecords = (records: readonly WorkRecord[], isGone: boolean): readonly WorkRecord[] =>
  records.flatMap((record): readonly WorkRecord[] => {
    if (record.state !== 'lapsed') return [record];
    return isGone && record.outcome.length > 0 ? [{ ...record, state: 'completed' }] : [];
  });

/** One for each target: what came later (statements, repairs) moved little and would hide what the copy cost. */
function replicasOf(copies: ImageOverview['replicas']): ImageOverview['replicas'] {
  const first = new Map<string, ImageOverview['replicas'][number]>();
  for (const copy of copies) {
    const key = `${copy.target.registry}/${copy.target.repository}`;
    if (!first.has(key)) first.set(key, copy);
  }
  return [...first.values()];
}

function all<Data extends z.ZodType>(
  outcomes: readonly EventDraft[],
  definition: EventDefinition<Data>,
): readonly z.infer<Data>[] {
  return outcomes.flatMap((draft) => {
    const data = draft.detailType === definition.detailType ? definition.data.safeParse(draft.data) : undefined;
    return data?.success ? [data.data] : [];
  });
}

const last = <Data extends z.ZodType>(outcomes: readonly EventDraft[], definition: EventDefinition<Data>) =>
  all(outcomes, definition).at(-1);

/** By the first match or by news of advisories since, whichever spoke last. */
function latestScan(outcomes: readonly EventDraft[]): ImageOverview['scan'] {
  const telling = outcomes.filter(({ detailType }) => SCANS.has(detailType)).slice(-1);
  return last(telling, scanCompleted)?.scan ?? last(telling, findingsChanged)?.scan;
}
const SCANS: ReadonlySet<string> = new Set([scanCompleted.detailType, findingsChanged.detailType]);

function status(stage: Stage, records: readonly WorkRecord[], missing: Stage | undefined): StageStatus {
  const own = records.filter((record) => record.stage === stage);
  const done = own.find((record) => record.state === 'completed');
  const attempts = own.reduce((sum, record) => sum + record.attempts, 0);
  // The stage runs for what no rule copies, too, and has nothing to tell then.
  if (done && stage === 'replicate' && done.outcome.length === 0) return { stage, state: 'not-needed', attempts };
  if (done) return { stage, state: 'done', completedAt: done.updatedAt, attempts };
  if (own.length > 0) return { stage, state: 'working', attempts };
  const expected = missing !== undefined && stages.indexOf(stage) >= stages.indexOf(missing);
  return { stage, state: expected ? 'waiting' : 'not-needed', attempts };
}

/** The newest images with their state, newest first; signatures, SBOMs and replicas are shown with what they are about. */
export async function listImages(
  ports: OverviewPorts,
  options: { readonly limit: number; replicated(entry: CatalogEntry): boolean },
): Promise<readonly ImageOverview[]> {
  const entries = (await ports.catalog.recent(options.limit * 4))
    .filter((entry) => entry.referrerOf === undefined && entry.replicaOf === undefined)
    .slice(0, options.limit);
  const repositories = new Map(entries.map((entry) => [`${entry.registry}/${entry.repository}`, entry] as const));
  const tags = new Map<string, string[]>();
  for (const of of repositories.values()) {
    for await (const binding of ports.catalog.tags(of)) {
      if (binding.digest === undefined) continue;
      const key = locationKey({ ...binding, digest: binding.digest });
      tags.set(key, [...(tags.get(key) ?? []), binding.tag]);
    }
  }
  return Promise.all(
    entries.map((entry) => describeImage(ports, entry, tags.get(locationKey(entry)) ?? [], options.replicated(entry))),
  );
}
