import Table from 'cli-table3';
import { type Cell, defuse, paint } from './output.ts';

const borders = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
  .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
  .map((name) => [name, ''] as const);

/** Rows under headings, without frames, so that it can be read and cut alike. */
export function printTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const table = new Table({
    head: headings.map((heading) => paint('dim', heading)),
    chars: Object.fromEntries(borders),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
  });
  for (const row of rows) table.push(row.map(renderCell));
  process.stdout.write(`${table.toString().replace(/[ \t]+$/gm, '')}\n`);
}

const renderCell = (cell: Cell): string =>
  typeof cell === 'string' ? defuse(cell) : paint(cell.style, defuse(cell.text));

/** Whose layer brought a finding's package, and which: `base 1a2b3c4d5e6f`. */
export const broughtBy = ({
  origin,
  layer,
}: {
  readonly origin?: string | undefined;
  readonly layer?: string | undefined;
}): string =>
  [origin === 'unknown' ? '' : origin, layer?.replace(/^sha\d+:/, '').slice(0, 12)].filter(Boolean).join(' ');
