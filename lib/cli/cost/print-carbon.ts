import type { CostReport } from '../../cost/index.ts';
import { printJson, say } from '../output.ts';
import { printTable } from '../table.ts';

const grams = (micrograms: number): string => (micrograms / 1e6).toFixed(6);

export function printCarbon(report: CostReport, output: 'table' | 'json'): void {
  const { from, until, lines, total, carbon, assumptions } = report;
  if (output === 'json') {
    printJson({
      ...{ from, until, unit: 'gram CO2e', total: total.micrograms / 1e6, carbon, assumptions },
      lines: lines.map(({ owner, micrograms, parts }) => ({
        owner,
        grams: micrograms / 1e6,
        parts: parts.map((part) => ({ kind: part.kind, region: part.region, grams: part.micrograms / 1e6 })),
      })),
    });
    return;
  }
  const of = (kinds: readonly string[], line: CostReport['lines'][number]): number =>
    line.parts.reduce((sum, { kind, micrograms }) => sum + (kinds.includes(kind) ? micrograms : 0), 0);
  printTable(
    ['OWNER', 'STORED', 'MOVED', 'COMPUTED', 'G CO2E'],
    lines
      .toSorted((a, b) => b.micrograms - a.micrograms)
      .map((line) => [
        line.owner,
        grams(of(['storage', 'archive'], line)),
        grams(of(['replication', 'transfer', 'restore'], line)),
        grams(of(['compute'], line)),
        grams(line.micrograms),
      ]),
  );
  say(`${grams(total.micrograms)} g CO2e from ${from} until ${until}, by a model of ${carbon.asOf}`);
  say(assumptions.at(-1) ?? '');
  for (const source of carbon.sources) say(`source: ${source}`);
}
