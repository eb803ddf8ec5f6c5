import { styleText } from 'node:util';
import { escapeInvisible, visibleText } from '../core/visible-text.ts';

type Style = Parameters<typeof styleText>[0];

/** A cell of a table. Colours are given apart from the text, because the text is a stranger's and is defused. */
export type Cell = string | { readonly text: string; readonly style: Style };

/** Data go to standard output; everything that is said about the work goes to standard error. */
export function printJson(value: unknown): void {
  process.stdout.write(`${escapeInvisible(JSON.stringify(value, null, 2))}\n`);
}

export const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** @param to where it is going to be printed: colours are for terminals */
export function paint(style: Style, text: string, to: NodeJS.WriteStream = process.stdout): string {
  return to.isTTY === true && !process.env.NO_COLOR ? styleText(style, text, { validateStream: false }) : text;
}

/** Names come from strangers: what steers a terminal must not reach one. */
export const defuse = visibleText;

/** One line of JSON, for lists that are read as they come. */
export const printJsonLine = (value: unknown): void =>
  void process.stdout.write(`${escapeInvisible(JSON.stringify(value))}\n`);

const severityStyles: ReadonlyMap<string, Style> = new Map<string, Style>([
  ['critical', ['red', 'bold']],
  ['high', 'red'],
  ['medium', 'yellow'],
  ['low', 'dim'],
  ['negligible', 'dim'],
  ['unknown', 'dim'],
]);

export function severityCell(severity: string): Cell {
  const style = severityStyles.get(severity);
  return style ? { text: severity, style } : severity;
}
