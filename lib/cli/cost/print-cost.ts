import { createHash } from 'node:crypto';
import { unreachable } from '../../core/errors.ts';
import { type CostKind, type CostLine, type CostReport, costKinds } from '../../cost/index.ts';
import { toCsv } from '../csv.ts';
import { html, Markup } from '../html.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';

export const costOutputs = ['table', 'json', 'csv', 'html'] as const;

/** Exactly: millionths of a dollar as they are. */
const usd = (micro: number): string => (micro / 1e6).toFixed(6);
const kinds = (report: CostReport): readonly CostKind[] =>
  costKinds.filter((kind) => report.total.parts.some((part) => part.kind === kind && part.microUsd > 0));
const ofKind = ({ parts }: Pick<CostLine, 'parts'>, kind: CostKind): number =>
  parts.reduce((sum, part) => sum + (part.kind === kind ? part.microUsd : 0), 0);

const printers: Readonly<Record<(typeof costOutputs)[number], (report: CostReport) => void>> = {
  table: printCostTable,
  json: printJson,
  csv: (report) => void process.stdout.write(toCsv(chargebackRows(report))),
  html: (report) => void process.stdout.write(chargebackPage(report)),
};

export const printCost = (report: CostReport, output: (typeof costOutputs)[number]): void => printers[output](report);

function printCostTable(report: CostReport): void {
  const shown = kinds(report);
  printTable(
    ['OWNER', ...shown.map((kind) => kind.toUpperCase()), 'USD', 'ALONE', 'CO2E G'],
    report.lines.map((line) => [
      line.owner,
      ...shown.map((kind) => usd(ofKind(line, kind))),
      usd(line.microUsd),
      usd(line.marginalMicroUsd),
      (line.micrograms / 1e6).toFixed(3),
    ]),
  );
  say(
    `${usd(report.total.microUsd)} USD and ${(report.total.micrograms / 1e6).toFixed(3)} g CO2e from ${report.from} until ` +
      `${report.until}, by list prices of ${report.prices.asOf}; ALONE is what would not have been paid without the owner`,
  );
  if (report.cut) say('there were more events than one report counts: some use is missing');
}

/** One row for each owner, kind and region, with its exact amount: what a cost system reads in. */
export function chargebackRows(report: CostReport): readonly (readonly string[])[] {
  const head = ['from', 'until', 'owner', 'kind', 'region', 'amount', 'unit', 'usd', 'marginal_amount', 'co2e_grams'];
  const rows = report.lines.flatMap(({ owner, parts }) =>
    parts.map(({ kind, region, amount, marginal, microUsd, micrograms }) => [
      ...[report.from, report.until, owner, kind, region, amount, unitOf(kind), usd(microUsd), marginal],
      (micrograms / 1e6).toFixed(6),
    ]),
  );
  return [head, ...rows];
}

function unitOf(kind: CostKind): string {
  switch (kind) {
    case 'storage':
    case 'archive':
      return 'byte-milliseconds';
    case 'replication':
    case 'restore':
    case 'transfer':
      return 'bytes';
    case 'scan':
      return 'images';
    case 'compute':
      return 'MB-milliseconds';
    case 'requests':
      return 'requests';
    default:
      return unreachable(kind);
  }
}

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--dim:#777}
body{font:15px/1.5 system-ui,sans-serif;max-width:76rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.5rem;margin:0}.about{color:var(--dim);margin:.25rem 0;overflow-wrap:anywhere}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin-top:1.5rem}th,td{text-align:right;padding:.4rem .7rem;border-top:1px solid var(--line);font-variant-numeric:tabular-nums;white-space:nowrap}
th{color:var(--dim);font-weight:600;border-top:0}th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere}
tfoot td{font-weight:600;border-top:2px solid var(--line)}
@media print{body{max-width:none;padding:0}}
`.trim();
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A page to keep or print: it loads nothing and runs nothing. */
export function chargebackPage(report: CostReport): string {
  const shown = kinds(report);
  const row = (line: Pick<CostLine, 'parts' | 'microUsd' | 'micrograms'>): readonly Markup[] => [
    ...shown.map((kind) => html`<td>${usd(ofKind(line, kind))}</td>`),
    html`<td>${usd(line.microUsd)}</td>`,
  ];
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}"><title>Costs of container images</title>
<style>${new Markup(STYLE)}</style></head><body>
<h1>Costs of container images</h1>
<p class="about">${report.from} until ${report.until}. US dollars, by list prices of ${report.prices.asOf}. Layers that several hold are divided evenly among them; “alone” is what would not have been paid without the owner. Carbon by a model of ${report.carbon.asOf}.</p>
<div class="wide"><table><thead><tr><th>Owner</th>${shown.map((kind) => html`<th>${kind}</th>`)}<th>total</th><th>alone</th><th>g CO₂e</th></tr></thead>
<tbody>${report.lines.map(
    (
      line,
    ) => html`<tr><td>${line.owner}</td>${row(line)}<td>${usd(line.marginalMicroUsd)}</td><td>${(line.micrograms / 1e6).toFixed(3)}</td></tr>
`,
  )}</tbody>
<tfoot><tr><td>All</td>${row(report.total)}<td></td><td>${(report.total.micrograms / 1e6).toFixed(3)}</td></tr></tfoot></table></div>
<p class="about">${report.assumptions.join('; ')}.</p><p class="about">Prices: ${report.prices.sources.join('; ')}. Carbon: ${report.carbon.sources.join('; ')}.</p>
</body></html>
`.text;
}
