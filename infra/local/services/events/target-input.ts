import type { RuleTarget } from '../../template/backends.ts';
import { valueAt } from './json-path.ts';
import type { BusEvent } from './model.ts';

/** The text that a target receives for an event: the event whole, a part of it, a constant, or a template filled in. */
export function targetInput(
  target: RuleTarget,
  event: BusEvent,
  rule: { readonly name: string; readonly arn: string },
): string {
  if (target.input !== undefined) return target.input;
  if (target.inputPath !== undefined) return JSON.stringify(valueAt(event, target.inputPath) ?? null);
  if (target.inputTransformer === undefined) return JSON.stringify(event);
  const { paths, template } = target.inputTransformer;
  const values = new Map<string, unknown>([
    // "Predefined variables" of input transformers.
    ['aws.events.rule-arn', rule.arn],
    ['aws.events.rule-name', rule.name],
    ['aws.events.event.ingestion-time', event.time],
    ['aws.events.event', { ...event, detail: undefined }],
    ['aws.events.event.json', event],
  ]);
  for (const [name, path] of Object.entries(paths)) values.set(name, valueAt(event, path));
  return fillTemplate(template, values);
}

/**
 * Fills `<name>` in. Outside of quotes the value stands as JSON; inside a JSON string its text stands, escaped, so that
 * no value can break out of the string.
 */
export function fillTemplate(template: string, values: ReadonlyMap<string, unknown>): string {
  let filled = '';
  let quoted = false;
  for (let i = 0; i < template.length; i++) {
    const c = template[i] ?? '';
    if (c === '\\' && quoted) {
      filled += c + (template[++i] ?? '');
      continue;
    }
    if (c === '"') quoted = !quoted;
    const end = c === '<' ? template.indexOf('>', i) : -1;
    const name = end < 0 ? undefined : template.slice(i + 1, end);
    if (name !== undefined && values.has(name)) {
      filled += quoted ? insideString(values.get(name)) : (JSON.stringify(values.get(name)) ?? '""');
      i = end;
    } else {
      filled += c;
    }
  }
  return filled;
}

function insideString(value: unknown): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}
