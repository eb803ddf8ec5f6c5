import { beforeEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { acceptReport } from '../../../lib/edge/accept-report.ts';
import { memoryEdge } from '../../../lib/edge/adapters/memory-edge.ts';
import type { EdgeSite, SiteReport } from '../../../lib/edge/index.ts';
import { sealSiteReport } from '../../../lib/edge/index.ts';
import { makeDesiredState, planSite } from '../../../lib/edge/make-desired-state.ts';
import { candidateKey } from '../../../lib/edge/placement/model.ts';
import { lastReport, siteView } from '../../../lib/edge/site-view.ts';
import { parseVerificationKey } from '../../../lib/signing/index.ts';
import { candidateOf, edgeConfig, makeKey, NOW, reportOf, siteOf } from './edge-fixtures.ts';

const hub = makeKey();
const own = makeKey();
const stranger = makeKey();
const site: EdgeSite = siteOf('ship', own.pem);
const images = [candidateOf('a', [['layer a', 10]]), candidateOf('b', [['layer b', 10]])];
const held = images.map(({ repository, digest }) => ({ repository, digest, tags: ['1'] }));

function world() {
  const clock = manualClock(NOW);
  const store = memoryEdge(clock);
  const documents = memoryDocuments();
  const trustedKeys = async () => [parseVerificationKey(hub.pem)];
  return { clock, store, documents, ports: { desired: store, reports: store, documents, clock, trustedKeys } };
}
let at: ReturnType<typeof world>;
const make = async (candidates = images) => {
  const placement = await planSite(at.ports, site, candidates, edgeConfig);
  return makeDesiredState({ ...at.ports, signer: hub.signer }, site, placement, edgeConfig);
};
const send = async (report: SiteReport, signer = own.signer, to = site) =>
  acceptReport(at.ports, to, await sealSiteReport(signer, report));

beforeEach(async () => {
  at = world();
  await make();
});

describe('a report', () => {
  it('of what the state says is acknowledged by its root', async () => {
    const outcome = await send(reportOf('ship', held));
    expect(outcome).toMatchObject({
      kind: 'accepted',
      record: { standing: 'acknowledged', missing: 0, extra: 0, provenEqualAt: NOW },
      event: { detailType: 'Edge Site Acknowledged', data: { site: 'ship', generation: 1, images: 2 } },
    });
  });

  it('of something else is a divergence that names what is missing and what is there besides', async () => {
    const other = { repository: 'z', digest: digestOf('z'), tags: ['1'] };
    const outcome = await send(reportOf('ship', [held[0] as (typeof held)[number], other]));
    expect(outcome).toMatchObject({
      record: { standing: 'diverged', missing: 1, extra: 1 },
      event: {
        detailType: 'Edge Site Diverged',
        data: { missing: 1, extra: 1, examples: { missing: [{ repository: 'b' }], extra: [{ repository: 'z' }] } },
      },
    });
    // Another tag on the right image is another thing to be there, too.
    const moved = held.map((image) => ({ ...image, tags: ['2'] }));
    expect(await send(reportOf('ship', moved, { sequence: 2 }))).toMatchObject({ record: { standing: 'diverged' } });
    const over = { sequence: 3, bytes: 2_000_000 };
    expect(await send(reportOf('ship', held, over))).toMatchObject({
      event: { detailType: 'Edge Site Diverged', data: { missing: 0, overBudget: 1_000_000 } },
    });
  });

  it('on the state before is late, and not wrong', async () => {
    at.clock.advance(60_000);
    expect(await make([...images, candidateOf('c', [['layer c', 10]])])).toMatchObject({ kind: 'made' });
    const outcome = await send(reportOf('ship', held));
    expect(outcome).toMatchObject({
      record: { standing: 'behind', missing: 1 },
      event: { detailType: 'Edge Site Acknowledged', data: { generation: 1 } },
    });
  });

  it('is refused where another key signed it, it is of another site, or the site was revoked', async () => {
    const refused = (reason: string) => expect.objectContaining({ kind: 'refused', reason });
    expect(await send(reportOf('ship', held), stranger.signer)).toEqual(refused('unproven'));
    expect(await send(reportOf('ship', held), hub.signer)).toEqual(refused('unproven'));
    expect(await send(reportOf('shop', held))).toEqual(refused('other-site'));
    expect(await send(reportOf('ship', held), own.signer, { ...site, revokedAt: NOW })).toEqual(
      refused('site-revoked'),
    );
    expect(await acceptReport(at.ports, site, Buffer.from('{}'))).toEqual(refused('unproven'));
    expect(await at.store.last('ship')).toBeUndefined();
  });

  it('is refused where it is old, contradicts itself, or tells of a state that was never made', async () => {
    const refused = (reason: string) => expect.objectContaining({ kind: 'refused', reason });
    expect(await send(reportOf('ship', held, { generation: 2 }))).toEqual(refused('generation-unknown'));
    expect(await send(reportOf('ship', held, { merkleRoot: digestOf('x') }))).toEqual(refused('root-contradicts'));
    const first = await sealSiteReport(own.signer, reportOf('ship', held, { sequence: 5 }));
    expect(await acceptReport(at.ports, site, first)).toMatchObject({ kind: 'accepted' });
    // The same again is a retry; another one under its number, and any before it, is a replay.
    expect(await acceptReport(at.ports, site, first)).toMatchObject({ kind: 'accepted', record: { sequence: 5 } });
    expect(await send(reportOf('ship', [], { sequence: 5 }))).toEqual(refused('replayed'));
    expect(await send(reportOf('ship', [], { sequence: 4 }))).toEqual(refused('replayed'));
    expect((await at.store.last('ship'))?.standing).toBe('acknowledged');
  });

  it('tells what is held, runs and is pulled there, for the next plan', async () => {
    const [a] = images;
    if (a === undefined) throw new Error('no image');
    const pulls = [{ repository: 'a', digest: a.digest, count: 70 }];
    const files = [...a.manifests, ...a.blobs].map(({ digest }) => digest);
    await send(reportOf('ship', held, { pulls, held: files, inUse: [a.digest] }));
    const record = await at.store.last('ship');
    const view = await siteView(at.documents, site, record, new Set(), at.clock.now());
    expect(view.held).toEqual(new Set(files));
    expect(view.inUse).toEqual(new Set([a.digest]));
    // 70 at once come to 7 a day, of which half is forgotten in a week.
    expect(view.pullsPerDay.get(candidateKey(a))).toBeCloseTo((70 * Math.LN2) / 7, 6);
    const later = new Date(at.clock.now().getTime() + 7 * 24 * 3_600_000);
    const then = await siteView(at.documents, site, record, new Set(), later);
    expect(then.pullsPerDay.get(candidateKey(a))).toBeCloseTo((35 * Math.LN2) / 7, 6);
    // Documents of the report before go; what is under a key of another site is not taken for the report.
    await send(reportOf('ship', held, { sequence: 2 }));
    expect(record && (await lastReport(at.documents, site, record))).toBeUndefined();
  });
});
