export { archivePricesOf } from './archive-prices.ts';
export { readCarbonModel } from './carbon.ts';
export { type BudgetState, checkBudgets } from './check-budgets.ts';
export { type CostConfig, costConfigSchema } from './config.ts';
export { type CostForecast, forecastCost } from './forecast-cost.ts';
export type { ChargePorts } from './gather-charges.ts';
export { type CostKind, costKinds } from './model.ts';
export { readPrices } from './prices.ts';
export { isBillColumn, readBill } from './read-bill.ts';
export { type ReconciledLine, type Reconciliation, reconcileBill } from './reconcile-bill.ts';
export {
  type CostLine,
  type CostPart,
  type CostReport,
  type CostSettings,
  chargesOf,
  priceCharges,
  reportCost,
} from './report-cost.ts';
export { reportStorage } from './report-storage.ts';
export { budgetAlerts, budgetCheck } from './tell-budgets.ts';
export type { Period } from './to-holdings.ts';
