import { styleText } from 'node:util';
import Table from 'cli-table3';

export type Format = 'table' | 'json';

/** Data go to standard output; everything that is said about the work goes to standard error. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

const coloured = (): boolean => process.stdout.isTTY === true && !process.env.NO_COLOR;

export function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return coloured() ? styleText(style, text) : text;
}

/** Rows under headings, without frames, so that it can be read and cut alike. */
export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const table = new Table({
    head: headings.map((heading) => paint('dim', heading)),
    chars: Object.fromEntries(
      [
        'top',
        'top-mid',
        'top-left',
        'top-right',
        'bottom',
        'bottom-mid',
        'bottom-left',
        'bottom-right',
        'left',
        'left-mid',
        'mid',
        'mid-mid',
        'right',
        'right-mid',
      ].map((name) => [name, '']),
    ),
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [], compact: true },
  });
  // `middle` is the bar between columns.
  table.options.chars.middle = '';
  for (const row of rows) table.push([...row.map(defuse)]);
  process.stdout.write(`${table.toString().replace(/[ \t]+$/gm, '')}\n`);
}

/** Names come from strangers: control characters must not reach a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const defuse = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');

const severityStyles = {
  critical: ['red', 'bold'],
  high: 'red',
  medium: 'yellow',
  low: 'dim',
  negligible: 'dim',
  unknown: 'dim',
} as const;

export const paintSeverity = (severity: string): string => {
  const style = severityStyles[severity as keyof typeof severityStyles];
  return style ? paint(style as Parameters<typeof styleText>[0], severity) : severity;
};
