import { describe, expect, it } from 'vitest';
import { memoryHealth } from '../../../lib/availability/adapters/memory-health.ts';
import { availabilityConfigSchema, probeRegistry } from '../../../lib/availability/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { registryError } from '../../../lib/registry/index.ts';

const config = availabilityConfigSchema.parse({});

function setUp() {
  const clock = manualClock();
  const health = memoryHealth();
  let answer: 'missing' | 'denied' | 'down' = 'missing';
  let asked = 0;
  const ports = {
    health,
    clock,
    open: async () => ({
      async headManifest() {
        asked++;
        clock.advance(20);
        if (answer === 'down') throw registryError('registry-unavailable', 'no answer');
        if (answer === 'denied') throw registryError('registry-denied', 'no');
        return undefined;
      },
    }),
  };
  return {
    clock,
    health,
    asked: () => asked,
    answers: (next: typeof answer) => {
      answer = next;
    },
    probe: () => probeRegistry(ports, 'r.example', config),
  };
}

describe('probing a registry', () => {
  it('takes "it is not there" and "you may not" for answers, and records how long they took', async () => {
    const { probe, health, answers } = setUp();
    expect(await probe()).toEqual([]);
    answers('denied');
    expect(await probe()).toEqual([]);
    const found = await health.find('r.example');
    expect(found?.probes.map(({ answered, milliseconds }) => [answered, milliseconds])).toEqual([
      [true, 20],
      [true, 20],
    ]);
  });

  it('tells once that it went down, leaves it alone for a while, and tells that it is back', async () => {
    const { probe, clock, answers, asked } = setUp();
    answers('down');
    expect(await probe()).toEqual([]);
    expect(await probe()).toEqual([]);
    const [down] = await probe();
    expect(down).toMatchObject({
      source: 'lading.availability',
      detailType: 'Registry Went Down',
      data: { registry: 'r.example', since: '2026-01-01T00:00:00.060Z', detail: 'no answer' },
    });
    expect(await probe()).toEqual([]);
    expect(asked()).toBe(3);
    clock.advance(60_000);
    expect(await probe()).toEqual([]);
    expect(asked()).toBe(4);
    answers('missing');
    clock.advance(120_000);
    expect(await probe()).toMatchObject([
      { detailType: 'Registry Recovered', data: { registry: 'r.example', downSince: '2026-01-01T00:00:00.060Z' } },
    ]);
  });

  it('counts a registry that cannot even be opened as one that does not answer', async () => {
    const { health, clock } = setUp();
    const open = async () => {
      throw registryError('registry-unknown', 'nobody named it');
    };
    for (let i = 0; i < 3; i++) await probeRegistry({ health, clock, open }, 'x.example', config);
    expect((await health.find('x.example'))?.breaker.state).toBe('open');
  });

  it('of several at once, one is recorded, and it alone tells', async () => {
    const { probe, health, answers } = setUp();
    answers('down');
    await probe();
    await probe();
    const told = (await Promise.all([probe(), probe(), probe()])).flat();
    expect(told).toHaveLength(1);
    expect((await health.find('r.example'))?.probes).toHaveLength(3);
  });
});
