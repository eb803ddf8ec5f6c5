import { LadingError } from '../core/errors.ts';
import { type CostKind, NO_REGION } from './model.ts';

/** One line of a Cost and Usage Report, as far as it is about images. */
export interface BillLine {
  /** As the report numbers it; the row where it has no such column. */
  readonly id: string;
  readonly kind: CostKind | 'other';
  readonly product: string;
  readonly usageType: string;
  readonly account: string;
  readonly region: string;
  /** `repository/name` of ECR's ARN, where the report has resources. */
  readonly repository: string | undefined;
  /** ISO 8601. */
  readonly from: string;
  readonly until: string;
  readonly amount: number;
  readonly unit: string;
  readonly usd: number;
  /** `Usage`, `Tax`, `Credit`, … */
  readonly type: string;
}

/**
 * The columns of CUR 2.0 and of legacy reports, whose names are the same but for case and separators; and those of FOCUS
 * 1.0 with the columns that AWS adds (FOCUS specification, "Columns"; AWS Data Exports, "FOCUS 1.0 with AWS columns").
 */
const COLUMNS = {
  id: ['identity_line_item_id'],
  product: ['line_item_product_code', 'x_service_code'],
  usageType: ['line_item_usage_type', 'x_usage_type'],
  account: ['line_item_usage_account_id', 'sub_account_id'],
  resource: ['line_item_resource_id', 'resource_id'],
  from: ['line_item_usage_start_date', 'charge_period_start'],
  until: ['line_item_usage_end_date', 'charge_period_end'],
  amount: ['line_item_usage_amount', 'consumed_quantity'],
  unit: ['pricing_unit', 'consumed_unit'],
  cost: ['line_item_unblended_cost', 'billed_cost'],
  currency: ['line_item_currency_code', 'billing_currency'],
  type: ['line_item_line_item_type', 'charge_category'],
  region: ['product_region_code', 'region_id'],
  legacyRegion: ['product_region'],
} as const;
type Column = keyof typeof COLUMNS;

/** Without these a report cannot be compared. */
const NEEDED: readonly Column[] = ['product', 'usageType', 'amount', 'cost', 'from'];

/** `lineItem/UsageType` and `line_item_usage_type` become one. */
const plain = (name: string): string =>
  name
    .trim()
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[/ .]/g, '_')
    .toLowerCase();

const wanted: ReadonlySet<string> = new Set(Object.values(COLUMNS).flat());

/** Whether a column of a report is looked at. */
export const isBillColumn = (name: string): boolean => wanted.has(plain(name));

/** Billing prefixes of usage types, by region; us-east-1 has none. */
const REGION_PREFIXES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    USE1: 'us-east-1',
    USE2: 'us-east-2',
    USW1: 'us-west-1',
    USW2: 'us-west-2',
    CAN1: 'ca-central-1',
    EU: 'eu-west-1',
    EUW1: 'eu-west-1',
    EUW2: 'eu-west-2',
    EUW3: 'eu-west-3',
    EUC1: 'eu-central-1',
    EUN1: 'eu-north-1',
    EUS1: 'eu-south-1',
    APN1: 'ap-northeast-1',
    APN2: 'ap-northeast-2',
    APN3: 'ap-northeast-3',
    APS1: 'ap-southeast-1',
    APS2: 'ap-southeast-2',
    APS3: 'ap-south-1',
    APE1: 'ap-east-1',
    SAE1: 'sa-east-1',
    MES1: 'me-south-1',
    AFS1: 'af-south-1',
  }),
);

const REGION = /^[a-z]{2}(?:-gov)?-[a-z]+-\d$/;
/** Amazon Resource Name of an ECR repository (Service Authorization Reference, "Amazon ECR"). */
const ECR_ARN = /^arn:[a-z-]+:ecr:([a-z0-9-]+):(\d{12}):repository\/(.+)$/;

/**
 * Reads the lines of a report that are about images: ECR, Inspector's scans of images, and Lambda.
 *
 * @param rows with the heading first
 * @throws LadingError `bill-invalid` where it is no such report, or not in US dollars
 */
export async function* readBill(rows: AsyncIterable<readonly string[]>): AsyncGenerator<BillLine> {
  let columns: ReadonlyMap<Column, number> | undefined;
  let number = 0;
  for await (const row of rows) {
    number++;
    if (columns === undefined) {
      columns = columnsOf(row);
      continue;
    }
    const line = lineOf(row, columns, number);
    if (line !== undefined) yield line;
  }
  if (columns === undefined) throw new LadingError('bill-invalid', 'the report is empty');
}

function columnsOf(heading: readonly string[]): ReadonlyMap<Column, number> {
  const names = heading.map(plain);
  const columns = new Map<Column, number>();
  for (const [column, name] of Object.entries(COLUMNS) as [Column, readonly string[]][]) {
    const at = names.findIndex((one) => name.some((known) => known === one));
    if (at >= 0) columns.set(column, at);
  }
  const missing = NEEDED.filter((column) => !columns.has(column)).map((column) => COLUMNS[column].join(' or '));
  if (missing.length === 0) return columns;
  throw new LadingError('bill-invalid', `it is no Cost and Usage Report: there is no column ${missing.join(', ')}`, {
    hint: 'export CUR 2.0, FOCUS 1.0 with AWS columns or a legacy report, as Parquet or CSV (gzip is read as well)',
  });
}

function lineOf(row: readonly string[], columns: ReadonlyMap<Column, number>, number: number): BillLine | undefined {
  const text = (column: Column): string => row[columns.get(column) ?? -1] ?? '';
  const product = text('product');
  const usageType = text('usageType');
  const kind = kindOf(product, usageType);
  if (kind === undefined) return undefined;
  const amount = numberOf(text('amount'), number, 'line_item_usage_amount');
  const usd = numberOf(text('cost'), number, 'line_item_unblended_cost');
  const currency = text('currency');
  if (currency !== '' && currency !== 'USD') {
    throw new LadingError('bill-invalid', `row ${number} is in ${currency.slice(0, 10)}; only US dollars are compared`);
  }
  const [, arnRegion, arnAccount, repository] = ECR_ARN.exec(text('resource')) ?? [];
  return {
    id: text('id') || `row ${number}`,
    ...{ kind, product, usageType, amount, usd, repository },
    account: text('account') || (arnAccount ?? ''),
    region: arnRegion ?? regionOf(usageType, text('region') || text('legacyRegion')),
    from: text('from'),
    until: text('until') || text('from'),
    unit: text('unit'),
    type: text('type') || 'Usage',
  };
}

function numberOf(text: string, row: number, column: string): number {
  if (text === '') return 0;
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new LadingError('bill-invalid', `row ${row}: ${column} "${text.slice(0, 40)}" is no number`);
}

function regionOf(usageType: string, named: string): string {
  if (REGION.test(named)) return named;
  const prefix = /^([A-Z]{2,4}\d?)-/.exec(usageType)?.[1];
  if (prefix === undefined) return 'us-east-1';
  return REGION_PREFIXES.get(prefix) ?? NO_REGION;
}

/** Undefined for lines that are not about images at all. */
function kindOf(product: string, usageType: string): BillLine['kind'] | undefined {
  switch (product) {
    case 'AmazonECR':
    case 'AWSECR':
      if (/TimedStorage.*Archive|Archive.*TimedStorage/i.test(usageType)) return 'archive';
      if (usageType.includes('TimedStorage')) return 'storage';
      if (/Retriev|Restore/i.test(usageType)) return 'restore';
      if (/-AWS-Out-Bytes$/.test(usageType)) return 'replication';
      if (usageType.includes('DataTransfer-Out-Bytes')) return 'transfer';
      return 'other';
    case 'AmazonInspectorV2':
      return /ECR|ContainerImage|Image/i.test(usageType) ? 'scan' : undefined;
    case 'AWSLambda':
      if (usageType.includes('GB-Second')) return 'compute';
      return usageType.includes('Request') ? 'requests' : undefined;
    default:
      return undefined;
  }
}
