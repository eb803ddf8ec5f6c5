import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callsAllowed, figuresOf, observe } from '../../../lib/availability/breaker.ts';
import { availabilityConfigSchema } from '../../../lib/availability/index.ts';
import { type EndpointHealth, MOST_PROBES } from '../../../lib/availability/model.ts';

const rules = availabilityConfigSchema.parse({}).breaker;
const start = Date.parse('2026-03-01T00:00:00Z');
const fresh: EndpointHealth = { registry: 'r.example', probes: [], breaker: { state: 'closed' } };
const at = (seconds: number) => new Date(start + seconds * 1000);
const probe = (seconds: number, answered: boolean) => ({ at: at(seconds).toISOString(), answered, milliseconds: 5 });
const afterAnswers = (...answers: readonly boolean[]): EndpointHealth =>
  answers.reduce((health, answered, i) => observe(health, probe(i * 900, answered), rules), fresh);

describe('the breaker of a registry', () => {
  it('opens after three failures in a row, and not before', () => {
    expect(afterAnswers(true, false, false).breaker.state).toBe('closed');
    expect(afterAnswers(true, false, false, false).breaker).toEqual({
      state: 'open',
      since: at(2700).toISOString(),
      until: at(2760).toISOString(),
      relapses: 0,
    });
  });

  it('opens where most of the last hour failed, though never thrice in a row', () => {
    expect(afterAnswers(true, true, false, true, false).breaker.state).toBe('closed');
    expect(afterAnswers(false, true, false, false).breaker.state).toBe('open');
  });

  it('lets nothing through before its time, then one question, and closes when that is answered', () => {
    const { breaker } = afterAnswers(true, false, false, false);
    expect(callsAllowed(breaker, at(2759))).toBe('no');
    expect(callsAllowed(breaker, at(2760))).toBe('probe');
    expect(observe(afterAnswers(true, false, false, false), probe(2761, true), rules).breaker).toEqual({
      state: 'closed',
    });
  });

  it('waits twice as long after each relapse, up to the most, and keeps when it began', () => {
    let health = afterAnswers(false, false, false);
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      if (health.breaker.state !== 'open') throw new Error('closed');
      const asked = Date.parse(health.breaker.until);
      health = observe(health, { at: new Date(asked).toISOString(), answered: false, milliseconds: 1 }, rules);
      if (health.breaker.state !== 'open') throw new Error('closed');
      waits.push((Date.parse(health.breaker.until) - asked) / 1000);
      expect(health.breaker.since).toBe(at(1800).toISOString());
    }
    expect(waits).toEqual([120, 240, 480, 900, 900, 900, 900]);
  });

  it('holds, whatever answers come: an answer closes it, few probes never open it, and memory is bounded', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (answers) => {
        let health = fresh;
        answers.forEach((answered, i) => {
          health = observe(health, probe(i * 900, answered), rules);
          if (answered && health.breaker.state === 'open') {
            // Only the share can open it, and an answer never makes that smaller than it was.
            throw new Error('an answer left it open');
          }
          if (i + 1 < rules.failures) expect(health.breaker.state).toBe('closed');
          expect(health.probes.length).toBeLessThanOrEqual(MOST_PROBES);
        });
        const lastThree = answers.slice(-rules.failures);
        if (lastThree.length === rules.failures && lastThree.every((answered) => !answered)) {
          expect(health.breaker.state).toBe('open');
        }
      }),
    );
  });
});

describe('the figures of a registry', () => {
  it('are the share that was answered, and the median of those', () => {
    const probes = [30, 10, 20, 999].map((milliseconds, i) => ({ ...probe(i, i < 3), milliseconds }));
    expect(figuresOf({ probes })).toEqual({ successRate: 0.75, medianMs: 20, probes: 4 });
    expect(figuresOf({ probes: [] })).toEqual({ successRate: undefined, medianMs: undefined, probes: 0 });
  });
});
