import { mapLimit } from '../core/concurrency.ts';
import { loadDocument } from '../documents/index.ts';
import { draftEvent, type EventDraft, edgeStateSigned } from '../events/index.ts';
import type { LeaseStore } from '../lifecycle/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Signer } from '../signing/index.ts';
import type { EdgeConfig } from './config.ts';
import { edgeError } from './errors.ts';
import { type HubPorts, hubCandidates } from './hub-candidates.ts';
import { makeDesiredState, type PlanPorts, planSite } from './make-desired-state.ts';
import type { DesiredState, EdgeSite } from './model.ts';
import type { Candidate } from './placement/model.ts';
import { inScope } from './placement/scope.ts';
import type { DesiredRecord, SiteStore } from './ports.ts';
import { publishDesiredState } from './publish-desired-state.ts';

export interface PlanSitesPorts extends PlanPorts {
  readonly sites: Pick<SiteStore, 'all'>;
  readonly hub: HubPorts;
  readonly leases: Pick<LeaseStore, 'hold'>;
  readonly signer: Signer;
  open(registry: string): Promise<Registry>;
}

export interface SitePlan {
  readonly site: string;
  readonly outcome: 'made' | 'unchanged' | 'overtaken';
  readonly events: readonly EventDraft[];
}

const AT_ONCE = 8;

/**
 * Makes the desired states that differ, of all sites that are not revoked, and puts them into the registry. Images that
 * a site should hold are leased at the hub: what a site is told to fetch is not deleted under its hands.
 *
 * @param attempt keeps the failure of one site from keeping the others from being planned
 */
export async function planSites(
  ports: PlanSitesPorts,
  config: EdgeConfig & { readonly registry: string },
  attempt: (what: string, work: () => Promise<void>) => Promise<void>,
  tell: (plan: SitePlan) => Promise<void>,
): Promise<void> {
  const sites = (await ports.sites.all()).filter(({ revokedAt }) => revokedAt === undefined);
  if (sites.length === 0) return;
  const scopes = sites.map(({ scope }) => inScope(scope));
  const wanted = (repository: string): boolean => scopes.some((isIn) => isIn(repository));
  const candidates = await hubCandidates(ports.hub, config, ports.clock.now(), wanted);
  for (const site of sites) {
    await attempt(`the plan for ${site.name}`, async () => tell(await planOne(ports, site, candidates, config)));
  }
}

async function planOne(
  ports: PlanSitesPorts,
  site: EdgeSite,
  candidates: readonly Candidate[],
  config: EdgeConfig & { readonly registry: string },
): Promise<SitePlan> {
  const placement = await planSite(ports, site, candidates, config);
  const outcome = await makeDesiredState(ports, site, placement, config);
  if (outcome.kind === 'overtaken') return { site: site.name, outcome: 'overtaken', events: [] };
  const { record } = outcome;
  if (outcome.kind === 'made') await leaseImages(ports, outcome.state, config.registry);
  // One that broke off between its number and its tags is published now.
  const isNew = !record.published;
  const events = isNew ? [await publish(ports, site, record, config)] : [];
  return { site: site.name, outcome: outcome.kind, events };
}

async function leaseImages(ports: PlanSitesPorts, state: DesiredState, registry: string): Promise<void> {
  await mapLimit(state.images, AT_ONCE, async ({ repository, digest }) => {
    const lease = { digest, reason: `edge/${state.site}`, until: state.expiresAt };
    await ports.leases.hold({ registry, repository }, lease);
  });
}

async function publish(
  ports: PlanSitesPorts,
  site: EdgeSite,
  made: DesiredRecord,
  config: EdgeConfig & { readonly registry: string },
): Promise<EventDraft> {
  const repository = `${config.namespace}/${site.name}`;
  const registry = await ports.open(config.registry);
  // Where another process was quicker with the next one, that one has to have the last word on the tag.
  for (let record = made; ; ) {
    const envelope = await loadDocument(ports.documents, record.key);
    if (envelope === undefined) throw edgeError('edge-document-invalid', `the document ${record.key} is gone`);
    const { digest } = await publishDesiredState(registry, repository, { ...record, envelope });
    const current = await ports.desired.current(site.name);
    if (current !== undefined && current.generation > record.generation) {
      record = current;
      continue;
    }
    await ports.desired.markPublished(site.name, record.generation);
    const { generation, images, bytes, expiresAt } = record;
    return draftEvent(edgeStateSigned, {
      ...{ site: site.name, generation, images, bytes, expiresAt, budgetBytes: site.budgetBytes },
      artifact: { registry: config.registry, repository, digest },
      faults: [...record.faults],
    });
  }
}
