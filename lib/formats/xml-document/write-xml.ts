/** An element to write, or text; `undefined` and `false` stand for nothing, so that optional parts can be listed. */
export type XmlNode =
  | string
  | { readonly name: string; readonly attributes: ReadonlyMap<string, string>; readonly children: readonly XmlNode[] }
  | undefined
  | false;

/** Attributes without value are left out. */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  ...children: readonly XmlNode[]
): XmlNode => ({
  name,
  attributes: new Map(
    Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  ),
  children,
});

/** Writes a document (XML 1.0, fifth edition) in UTF-8, without white space that would be content. */
export function writeXml(root: XmlNode): string {
  const parts = ['<?xml version="1.0" encoding="UTF-8"?>\n'];
  write(root, parts);
  parts.push('\n');
  return parts.join('');
}

function write(node: XmlNode, parts: string[]): void {
  if (node === undefined || node === false) return;
  if (typeof node === 'string') {
    parts.push(escapeText(node));
    return;
  }
  parts.push('<', node.name);
  for (const [name, value] of node.attributes) parts.push(' ', name, '="', escapeAttribute(value), '"');
  if (node.children.every((child) => child === undefined || child === false)) {
    parts.push('/>');
    return;
  }
  parts.push('>');
  for (const child of node.children) write(child, parts);
  parts.push('</', node.name, '>');
}

/** XML 1.0, section 2.2: these cannot stand in a document, not even as references. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const allowed = (text: string): string => text.toWellFormed().replace(FORBIDDEN, '\u{fffd}');

/** Section 2.11: a reader turns bare carriage returns into line feeds. */
const escapeText = (text: string): string =>
  allowed(text).replace(/[&<>\r]/g, (c) => (c === '&' ? '&amp;' : c === '<' ? '&lt;' : c === '>' ? '&gt;' : '&#13;'));

/** Section 3.3.3: a reader turns bare white space in attributes into spaces. */
const escapeAttribute = (text: string): string =>
  escapeText(text).replace(/["\n\t]/g, (c) => (c === '"' ? '&quot;' : c === '\n' ? '&#10;' : '&#9;'));
