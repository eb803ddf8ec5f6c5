export interface Forecast {
  /** What is expected for the days asked about, in the unit of the series. */
  readonly expected: number;
  readonly low: number;
  readonly high: number;
  /** Share of cases in which the truth is expected to be between the two. */
  readonly confidence: number;
  /** Growth a day. */
  readonly slopePerDay: number;
  /** How it was made, for people. */
  readonly method: string;
  /** Days of history, and forecasts of the past that the interval comes from. */
  readonly days: number;
  readonly trials: number;
}

const CONFIDENCE = 0.8;
const WINDOW = 60;
/** Fewer past forecasts say too little of their errors. */
const FEWEST_TRIALS = 10;
const FEWEST_DAYS = 3;

/**
 * What the next days will sum up to: from the newest day on, along the median slope of the last sixty days (Theil 1950,
 * Sen 1968; one odd day does not turn it). The interval comes from forecasting the past in the same way and seeing how far
 * off that was (split conformal prediction, Vovk et al. 2005); where the past is too short for that, from the spread of
 * the days about the line, growing with the days ahead. Undefined for less than three days.
 *
 * @param daily the past, oldest first, one number a day
 * @param ahead days to forecast the sum of, 1 or more
 */
export function forecastSum(daily: readonly number[], ahead: number): Forecast | undefined {
  if (daily.length < FEWEST_DAYS || ahead < 1) return undefined;
  const { sum: expected, slope, spread } = lineAhead(daily, ahead);
  const errors = pastErrors(daily, ahead);
  const common = { expected, confidence: CONFIDENCE, slopePerDay: slope, days: daily.length, trials: errors.length };
  if (errors.length >= FEWEST_TRIALS) {
    const [low, high] = spanOf(errors, ahead);
    return {
      ...common,
      low: Math.max(0, expected + low),
      high: expected + high,
      method: `median slope of the last ${Math.min(WINDOW, daily.length)} days; interval from ${errors.length} forecasts of the past`,
    };
  }
  // 1.2816 deviations on both sides hold four fifths of a normal distribution.
  const off = 1.2816 * spread * ahead * Math.sqrt(1 + ahead / daily.length);
  return {
    ...common,
    low: Math.max(0, expected - off),
    high: expected + off,
    method: `median slope of ${daily.length} days; too few for forecasts of the past, so the interval is from the spread about the line`,
  };
}

function lineAhead(
  daily: readonly number[],
  ahead: number,
): { readonly sum: number; readonly slope: number; readonly spread: number } {
  const days = daily.slice(-WINDOW);
  const slopes: number[] = [];
  for (let i = 0; i < days.length; i++) {
    for (let j = i + 1; j < days.length; j++) slopes.push(((days[j] as number) - (days[i] as number)) / (j - i));
  }
  const slope = medianOf(slopes);
  const last = days.length - 1;
  // Of the last days, not of all: what was stored long ago says nothing of the level now.
  const recent = days.slice(-3).map((value, i, all) => value + slope * (all.length - 1 - i));
  const level = medianOf(recent);
  let sum = 0;
  for (let day = 1; day <= ahead; day++) sum += Math.max(0, level + slope * day);
  const residuals = days.map((value, i) => value - (level + slope * (i - last)));
  return { sum, slope, spread: Math.sqrt(residuals.reduce((all, one) => all + one * one, 0) / residuals.length) };
}

/** Truth less forecast, for every day of the past from which the same number of days is known. */
function pastErrors(daily: readonly number[], ahead: number): readonly number[] {
  const errors: number[] = [];
  for (let origin = FEWEST_DAYS; origin + ahead <= daily.length; origin++) {
    const truth = daily.slice(origin, origin + ahead).reduce((sum, value) => sum + value, 0);
    errors.push(truth - lineAhead(daily.slice(Math.max(0, origin - WINDOW), origin), ahead).sum);
  }
  return errors;
}

/**
 * The quantiles of errors. Forecasts of overlapping days err alike, so that of all only one in `ahead` tells something
 * new: for so few, the quantiles are taken further out, as conformal prediction does for a small sample.
 */
function spanOf(errors: readonly number[], ahead: number): readonly [number, number] {
  const sorted = [...errors].sort((a, b) => a - b);
  const independent = Math.max(1, errors.length / ahead);
  const upper = Math.min(1, (1 - (1 - CONFIDENCE) / 2) * (1 + 1 / independent));
  const at = Math.round(upper * (sorted.length - 1));
  return [Math.min(0, sorted[sorted.length - 1 - at] as number), Math.max(0, sorted[at] as number)];
}

function medianOf(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
