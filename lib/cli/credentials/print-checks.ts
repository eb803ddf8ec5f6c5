import { type Aspect, checkedAspects, type Verdict } from '../../registry/index.ts';
import { type Cell, say } from '../output.ts';
import { printTable } from '../table.ts';
import type { EntryReport } from './check-entry.ts';

const cells: Readonly<Record<Verdict['answer'], Cell>> = {
  yes: { text: 'yes', style: 'green' },
  no: { text: 'no', style: 'red' },
  untold: { text: '?', style: 'dim' },
  failed: { text: 'failed', style: 'red' },
};

/** A row per registry, and under the table why something is not "yes". */
export function printChecks(reports: readonly EntryReport[]): void {
  printTable(
    ['REGISTRY', 'CREDENTIALS', ...checkedAspects.map((aspect) => aspect.toUpperCase()), 'REPOSITORY', 'EXPIRES'],
    reports.map((report) => [
      report.registry,
      report.credentials,
      ...checkedAspects.map((aspect) => cells[report.verdicts[aspect].answer]),
      report.repository ?? '-',
      expiryOf(report),
    ]),
  );
  for (const { registry, verdicts } of reports) {
    for (const [aspect, why] of reasonsOf(verdicts)) say(`${registry}: ${aspect}: ${why}`);
  }
}

/** The first reason is enough where what follows could not be asked for it. */
function reasonsOf(verdicts: EntryReport['verdicts']): readonly (readonly [Aspect, string])[] {
  return checkedAspects.flatMap((aspect) => {
    const { answer, why } = verdicts[aspect];
    return why === undefined || answer === 'yes' || answer === 'untold' ? [] : [[aspect, why] as const];
  });
}

function expiryOf({ expiresAt, rotatedEveryDays }: EntryReport): string {
  const end = expiresAt === undefined ? 'not told' : `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`;
  return rotatedEveryDays === undefined ? end : `${end}, rotated every ${rotatedEveryDays} days`;
}
