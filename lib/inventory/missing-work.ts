import { z } from 'zod';
import { type EventDraft, gateDecided, imageAttested } from '../events/index.ts';
import { hasContents } from '../formats/oci/index.ts';
import type { WorkRecord } from '../work/index.ts';
import type { CatalogEntry } from './model.ts';

/** The stages of an image, in the order in which one leads to the next. */
export const stages = ['catalog', 'sbom', 'match', 'gate', 'sign', 'replicate', 'attest'] as const;
export type Stage = (typeof stages)[number];

/**
 * The first stage that an image should have completed and has not, or `undefined` when all is done that ever will be:
 * a denied image is never signed, a referrer or a replica has no stages beyond the catalogue.
 */
export function missingStage(
  entry: Pick<CatalogEntry, 'artifactClass' | 'replicaOf'>,
  records: readonly WorkRecord[],
  replicated: boolean,
): Stage | undefined {
  const completed = (stage: Stage): WorkRecord | undefined => lastCompleted(records, stage);
  if (!completed('catalog')) return 'catalog';
  if (!hasContents(entry.artifactClass) || entry.replicaOf !== undefined) return undefined;
  if (!completed('sbom')) return 'sbom';
  if (!completed('match')) return 'match';
  const gate = completed('gate');
  if (!gate) return 'gate';
  if (decisionOf(gate) !== 'allow') return undefined;
  if (!completed('sign')) return 'sign';
  if (replicated && !completed('replicate')) return 'replicate';
  return completed('attest') ? undefined : 'attest';
}

/**
 * Whether the SBOM was made by another version of the catalogers than today's. It is then made again, out of what was read
 * of the layers, and everything that follows from it.
 */
export function isOutdated(records: readonly WorkRecord[], sbomVersion: string | undefined): boolean {
  const made = lastCompleted(records, 'sbom');
  return sbomVersion !== undefined && made !== undefined && made.version !== sbomVersion;
}

/** The newest record of the stage that is done. */
const lastCompleted = (records: readonly WorkRecord[], stage: string): WorkRecord | undefined =>
  records
    .filter((record) => record.stage === stage && record.state === 'completed')
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))[0];

/**
 * What news of advisories changed for an image, where no verdict was made since: the events to tell again. The push
 * began none of it, so no other repair would reach it.
 */
export function undecidedNews(records: readonly WorkRecord[]): readonly EventDraft[] {
  const news = lastCompleted(records, 'rematch');
  const gate = lastCompleted(records, 'gate');
  if (news === undefined || gate === undefined || gate.updatedAt >= news.updatedAt) return [];
  return news.outcome;
}

/**
 * What was said of an image where its copies were not told: the events to tell again. Statements follow the signature by
 * an event of their own, and with it lost no stage is missing.
 */
export function untoldStatements(records: readonly WorkRecord[], replicated: boolean): readonly EventDraft[] {
  const said = replicated ? (lastCompleted(records, 'attest')?.outcome ?? []) : [];
  const isTold = (verdict: string): boolean =>
    records.some(
      ({ stage, state, version }) => stage === 'replicate-statements' && state === 'completed' && version === verdict,
    );
  return said.filter(({ detailType, data }) => {
    const verdict = detailType === imageAttested.detailType ? attested.safeParse(data).data?.verdict : undefined;
    return verdict !== undefined && !isTold(verdict);
  });
}

/** What the gate said last, if it has. */
export function lastDecision(records: readonly WorkRecord[]): z.infer<typeof decided>['decision'] | undefined {
  const gate = lastCompleted(records, 'gate');
  return gate && decisionOf(gate);
}

const attested = z.object({ verdict: imageAttested.data.shape.verdict });
const decided = z.object({ decision: gateDecided.data.shape.decision });

function decisionOf(record: WorkRecord): z.infer<typeof decided>['decision'] | undefined {
  const draft = record.outcome.find((event) => event.detailType === gateDecided.detailType);
  return decided.safeParse(draft?.data).data?.decision;
}
