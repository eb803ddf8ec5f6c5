import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forecastSum } from '../../../lib/cost/forecast.ts';
import { seededRandom } from '../../support/random.ts';

const days = (count: number, of: (day: number) => number) => Array.from({ length: count }, (_, i) => of(i));

describe('a forecast', () => {
  it('goes on along a straight line exactly, and one odd day does not turn it', () => {
    const line = forecastSum(
      days(40, (day) => 10 + day),
      10,
    );
    expect(line?.expected).toBeCloseTo(
      days(10, (day) => 50 + day).reduce((a, b) => a + b),
      6,
    );
    expect(line?.slopePerDay).toBeCloseTo(1, 9);
    const odd = forecastSum(
      days(40, (day) => (day === 20 ? 900 : 10 + day)),
      10,
    );
    expect(odd?.expected).toBeCloseTo(line?.expected ?? 0, 6);
  });

  it('says how it was made, and nothing for less than three days', () => {
    expect(forecastSum([1, 2], 5)).toBeUndefined();
    expect(forecastSum([1, 2, 3], 0)).toBeUndefined();
    expect(forecastSum([5, 5, 5], 4)).toMatchObject({ expected: 20, low: 20, high: 20, trials: 0 });
    expect(
      forecastSum(
        days(60, () => 5),
        4,
      )?.method,
    ).toContain('forecasts of the past');
  });

  it('is never below nothing, and its interval holds what is expected', () => {
    const series = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 3, maxLength: 40 });
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 31 }), (daily, ahead) => {
        const forecast = forecastSum(daily, ahead);
        expect(
          forecast && 0 <= forecast.low && forecast.low <= forecast.expected && forecast.expected <= forecast.high,
        ).toBe(true);
      }),
    );
  });

  it('has four of five truths in its interval, for storage that grows by pushes and falls by clean-ups', () => {
    const random = seededRandom(7);
    let [inside, all] = [0, 0];
    for (let n = 0; n < 60; n++) {
      let level = 100 + random() * 200;
      const growth = random() * 3;
      const truth = days(110, () => {
        level = Math.max(10, level + growth + (random() - 0.5) * 12 - (random() < 0.02 ? level * 0.15 : 0));
        return level;
      });
      const forecast = forecastSum(truth.slice(0, 90), 15);
      const sum = truth.slice(90, 105).reduce((a, b) => a + b, 0);
      all++;
      if (forecast && forecast.low <= sum && sum <= forecast.high) inside++;
    }
    expect(inside / all).toBeGreaterThan(0.72);
    expect(inside / all).toBeLessThan(0.95);
  });
});
