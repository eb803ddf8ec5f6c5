import { html as escapedHtml } from 'hono/html';
import { visibleText } from '../../core/visible-text.ts';

/** What the templates give: escaped HTML. */
export type Html = ReturnType<typeof escapedHtml>;

/**
 * A template whose texts are escaped, unless they come from a template themselves. Characters that would turn the
 * direction of a line or are not to be seen become visible: an image's name must not pass for another's.
 */
export const html = (strings: TemplateStringsArray, ...values: readonly unknown[]): Html =>
  escapedHtml(strings, ...values.map(defuse));

function defuse(value: unknown): unknown {
  if (typeof value === 'string') return visibleText(value);
  return Array.isArray(value) ? value.map(defuse) : value;
}

/** The text of a template. */
export const textOf = async (content: Html): Promise<string> => String(await content);
