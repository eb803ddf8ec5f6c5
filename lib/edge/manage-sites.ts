import type { z } from 'zod';
import type { Clock } from '../core/clock.ts';
import { draftEvent, type EventDraft, edgeSiteChanged } from '../events/index.ts';
import { edgeError } from './errors.ts';
import { type EdgeSite, edgeSiteSchema } from './model.ts';
import { compileWish } from './placement/wishes.ts';
import type { SiteStore } from './ports.ts';
import { siteKey } from './site-token.ts';

export interface ManagePorts {
  readonly sites: SiteStore;
  readonly clock: Clock;
}

/** What an operator says of a site. */
export const registrationSchema = edgeSiteSchema.omit({ registeredAt: true, revokedAt: true });
export type Registration = Readonly<z.infer<typeof registrationSchema>>;

/** What of it changes; what is not said stays. */
export const revisionSchema = registrationSchema
  .omit({ name: true })
  .partial()
  // Defaults belong to the registration: here they would take away what is not said.
  .extend({
    pins: edgeSiteSchema.shape.pins.unwrap().optional(),
    bans: edgeSiteSchema.shape.bans.unwrap().optional(),
    deadlines: edgeSiteSchema.shape.deadlines.unwrap().optional(),
  });
export type Revision = Readonly<z.infer<typeof revisionSchema>>;

export interface SiteChange {
  readonly site: EdgeSite;
  readonly event: EventDraft;
}

/** @throws LadingError `site-exists`, `site-invalid` */
export async function registerSite({ sites, clock }: ManagePorts, registration: Registration): Promise<SiteChange> {
  check(registration);
  const at = clock.now().toISOString();
  const site = { ...registration, registeredAt: at };
  if (await sites.swap(undefined, site)) return changed(site, 'registered', at);
  throw edgeError('site-exists', `there is a site "${site.name}" already`, {
    hint: 'a name that was revoked does not come back: what was said under it would be its',
  });
}

/** @throws LadingError `site-unknown`, `site-invalid`, `site-busy` */
export async function reviseSite(ports: ManagePorts, name: string, revision: Revision): Promise<SiteChange> {
  const before = await living(ports, name);
  const given = Object.fromEntries(Object.entries(revision).filter(([, value]) => value !== undefined));
  const after: EdgeSite = { ...before, ...given };
  check(after);
  return put(ports, before, after, 'revised');
}

/** For good: nothing that the site signs counts any more, and no state is made for it. @throws LadingError `site-unknown` */
export async function revokeSite(ports: ManagePorts, name: string): Promise<SiteChange> {
  const before = await living(ports, name);
  return put(ports, before, { ...before, revokedAt: ports.clock.now().toISOString() }, 'revoked');
}

async function living({ sites }: ManagePorts, name: string): Promise<EdgeSite> {
  const site = await sites.find(name);
  if (site === undefined || site.revokedAt !== undefined) {
    throw edgeError('site-unknown', `there is no site "${name.slice(0, 63)}", or it was revoked`);
  }
  return site;
}

async function put(
  { sites, clock }: ManagePorts,
  before: EdgeSite,
  after: EdgeSite,
  change: 'revised' | 'revoked',
): Promise<SiteChange> {
  if (await sites.swap(before, after)) return changed(after, change, clock.now().toISOString());
  throw edgeError('site-busy', `the site "${after.name}" was changed at the same moment`, { retryable: true });
}

const changed = (site: EdgeSite, change: 'registered' | 'revised' | 'revoked', at: string): SiteChange => ({
  site,
  event: draftEvent(edgeSiteChanged, { site: site.name, change, at }),
});

function check({ publicKeyPem, pins, bans, deadlines }: Omit<EdgeSite, 'registeredAt'>): void {
  if (siteKey(publicKeyPem) === undefined) {
    throw edgeError('site-invalid', 'the key is no public ECDSA key on P-256 in PEM', {
      hint: 'make one with "lading edge keygen"; only its public half is needed here',
    });
  }
  const wishes = [...pins, ...bans, ...deadlines.map(({ image }) => image)];
  const wrong = wishes.find((wish) => compileWish(wish) === undefined);
  if (wrong === undefined) return;
  throw edgeError('site-invalid', `"${wrong.slice(0, 200)}" names no image`, {
    hint: 'write repository, repository:tag or repository@sha256:…; "*" stands for a part, "**" for several',
  });
}
