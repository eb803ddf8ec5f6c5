import { readFileSync } from 'node:fs';
import { parseJsonStrict } from '../../core/json.ts';
import {
  type CostReport,
  chargesOf,
  costConfigSchema,
  priceCharges,
  readCarbonModel,
  readPrices,
} from '../../cost/index.ts';
import { getJson } from '../api-client.ts';
import { connect, fromCaller } from '../connection.ts';
import { costAnswer } from './shapes.ts';

export interface CostWish {
  readonly api?: string | undefined;
  readonly data?: string | undefined;
  /** Files of the user's with prices or a model of carbon instead of the stack's. */
  readonly prices?: string | undefined;
  readonly carbonModel?: string | undefined;
}

/**
 * The stack's report; with prices or a model of the user's own, its amounts are priced here.
 *
 * @throws LadingError `prices-invalid`, `carbon-model-invalid`
 */
export async function fetchCost(
  wish: CostWish,
  period: { readonly from: string; readonly until: string },
  owners: URLSearchParams,
): Promise<CostReport> {
  const query = new URLSearchParams([...owners, ['from', period.from], ['until', period.until]]);
  const report = await getJson(connect(wish), `/api/cost?${query}`, costAnswer);
  if (wish.prices === undefined && wish.carbonModel === undefined) return report;
  const usual = costConfigSchema.parse({});
  const span = { from: Date.parse(report.from), until: Date.parse(report.until) };
  return priceCharges({ ...report, charges: chargesOf(report) }, span, {
    ...usual,
    ...(wish.prices === undefined ? {} : { prices: readPrices(readFile(wish.prices), wish.prices) }),
    ...(wish.carbonModel === undefined
      ? {}
      : { carbon: readCarbonModel(readFile(wish.carbonModel), wish.carbonModel) }),
  });
}

const readFile = (file: string): unknown => parseJsonStrict(readFileSync(fromCaller(file)), { what: file });
