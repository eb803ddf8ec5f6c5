import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { memoryDocuments } from '../../../../lib/documents/adapters/memory-documents.ts';
import { loadDocument } from '../../../../lib/documents/index.ts';
import { acceptReport } from '../../../../lib/edge/accept-report.ts';
import { memoryEdge } from '../../../../lib/edge/adapters/memory-edge.ts';
import { makeDesiredState, planSite } from '../../../../lib/edge/make-desired-state.ts';
import { type Candidate, candidateKey } from '../../../../lib/edge/placement/model.ts';
import { syncSite } from '../../../../lib/edge/site/index.ts';
import { parseVerificationKey } from '../../../../lib/signing/index.ts';
import { randomOf } from '../../mirror/cache/trace.ts';
import { candidateOf, edgeConfig, makeKey, siteOf } from '../edge-fixtures.ts';
import { durableMemory, type Line, overLine, simulatedCache } from './simulated-site.ts';

const SITES = 100;
const ROUNDS = 6;
const LOSS = 0.2;

/** Forty images over six bases. */
function makeCatalogue(random: () => number, clock: { now(): Date }): readonly Candidate[] {
  return Array.from({ length: 40 }, (_, i) => {
    const base = Math.floor(random() * 6);
    return candidateOf(
      `team-${i % 4}/app-${i}`,
      [
        [`base ${base}`, 20_000 + base * 7_000],
        [`own ${i}`, 1_000 + Math.floor(random() ** 3 * 60_000)],
        [`config ${i}`, 500],
      ],
      { signals: { pushedAt: clock.now().toISOString(), pulledAt: clock.now().toISOString() } },
    );
  });
}

async function simulate(seed: number) {
  const random = randomOf(seed);
  const clock = manualClock('2026-03-01T00:00:00.000Z');
  const hubKey = makeKey();
  const keys = [parseVerificationKey(hubKey.pem)];
  const images = makeCatalogue(random, clock);
  const catalogue = new Map(images.map((image) => [candidateKey(image), image]));
  const names = [...catalogue.keys()];
  const edge = memoryEdge(clock);
  const documents = memoryDocuments();
  const ports = {
    desired: edge,
    reports: edge,
    documents,
    clock,
    signer: hubKey.signer,
    trustedKeys: async () => keys,
  };
  const told = { steps: 0, most: 0, hits: 0, pulls: 0, refused: new Map<string, number>(), lost: 0, crashes: 0 };
  const old: Uint8Array[] = [];
  const attack = { ended: false };

  const sites = await Promise.all(
    Array.from({ length: SITES }, async (_, i) => {
      const key = makeKey();
      const budgetBytes = 60_000 + Math.floor(random() * 400_000);
      const pin = images[i % images.length] as Candidate;
      const site = siteOf(`site-${i}`, key.pem, { budgetBytes, pins: [`${pin.repository}:1`] });
      await edge.swap(undefined, site);
      const line: Line = { up: true, loss: LOSS, random };
      const cache = simulatedCache({
        ...{ budgetBytes, clock, line, catalogue },
        onStep(bytes) {
          told.steps += 1;
          told.most = Math.max(told.most, bytes / budgetBytes);
          expect(bytes).toBeLessThanOrEqual(budgetBytes);
        },
      });
      return { site, key, line, cache, memory: durableMemory(), pin: candidateKey(pin), pinned: false };
    }),
  );
  type Site = (typeof sites)[number];

  const hubOf = ({ site }: Site) => ({
    async current() {
      // Somebody in between hands out what was true once, or is for another.
      if (!attack.ended && old.length > 0 && random() < 0.1) return old[Math.floor(random() * old.length)];
      const record = await edge.current(site.name);
      const envelope = record && (await loadDocument(documents, record.key));
      if (envelope && random() < 0.05) old.push(envelope);
      return envelope;
    },
    async report(envelope: Uint8Array) {
      const outcome = await acceptReport(ports, site, envelope);
      if (outcome.kind === 'accepted') return { kind: 'accepted' as const, standing: outcome.record.standing };
      return { kind: 'refused' as const, reason: outcome.reason };
    },
  });
  const plan = async ({ site }: Site): Promise<void> => {
    await makeDesiredState(ports, site, await planSite(ports, site, images, edgeConfig), edgeConfig);
  };
  const sync = async (one: Site): Promise<void> => {
    const { site, key, line, cache, memory } = one;
    const seen = memory.record().generation;
    const round = await syncSite({
      ...{
        site: site.name,
        hub: overLine(line, hubOf(one)),
        cache: cache.site,
        memory,
        signer: key.signer,
        keys,
        clock,
      },
    });
    expect(memory.record().generation).toBeGreaterThanOrEqual(seen);
    if (round.state.kind === 'refused') {
      told.refused.set(round.state.reason, (told.refused.get(round.state.reason) ?? 0) + 1);
    }
    if (round.state.kind === 'unreachable') told.lost += 1;
    // A report that was lost on its way back is no replay: the next has another number.
    if (round.report.kind === 'refused') throw new Error(`the hub refused a report: ${round.report.reason}`);
  };
  const live = async (one: Site): Promise<void> => {
    for (let i = 0; i < 6; i++) {
      const name = names[Math.floor(random() ** 2.5 * names.length)] as string;
      told.pulls += 1;
      if ((await one.cache.pull(name)) === 'hit') told.hits += 1;
    }
    if (random() < 0.1) {
      told.crashes += 1;
      one.cache.crash();
    }
  };

  for (let round = 0; round < ROUNDS; round++) {
    clock.advance(3_600_000);
    for (const one of sites) {
      one.line.up = random() >= 0.15;
      if (round % 3 === 0) await plan(one);
      await sync(one);
      await live(one);
      one.pinned ||= one.memory.record().generation > 0 && one.cache.isWhole(one.pin);
      // What was there once and is leased does not go again, whatever else was wanted meanwhile.
      if (one.pinned) expect(one.cache.isWhole(one.pin)).toBe(true);
    }
  }
  return { sites, edge, clock, plan, sync, told, attack };
}

describe('a hundred sites over lines that lose a fifth of everything', () => {
  it('keep their budgets at every step, keep what is pinned, and come to hold what they should', async () => {
    const { sites, edge, clock, plan, sync, told, attack } = await simulate(7);
    expect(told.steps).toBeGreaterThan(4_000);
    expect(told.most).toBeGreaterThan(0.9);
    expect(told.crashes).toBeGreaterThan(30);
    expect(told.lost).toBeGreaterThan(100);
    expect(told.refused.get('other-site')).toBeGreaterThan(0);
    // The lines hold now, and the last plans are made: everybody gets there, and proves it.
    attack.ended = true;
    const states: string[] = [];
    for (const one of sites) {
      Object.assign(one.line, { up: true, loss: 0 });
      await plan(one);
      clock.advance(60_000);
      await sync(one);
      states.push((await edge.last(one.site.name))?.standing ?? 'none');
    }
    expect(states.filter((standing) => standing === 'acknowledged')).toHaveLength(SITES);
    expect(sites.every(({ cache, site }) => cache.bytes() <= site.budgetBytes)).toBe(true);
  });
});
