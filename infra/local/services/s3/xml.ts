import { malformedXml } from './errors.ts';

/** One element: its name, its text, its children. S3 uses no attributes but `xmlns`, and no mixed content. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

type XmlContent = string | number | boolean | undefined | readonly XmlNode[];
export type XmlNode = readonly [name: string, content: XmlContent];

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/**
 * Escapes text for an element. Characters that XML 1.0 cannot hold (section 2.2) are written as character references,
 * as S3 does: strict readers refuse them, and clients with such keys ask for `encoding-type=url`. A carriage return
 * is written as a reference too, because a reader would turn it into a line feed (section 2.11).
 */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these have to be found
  return text.toWellFormed().replace(/[&<>"'\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (c) => {
    switch (c) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      case "'":
        return '&apos;';
      default:
        return `&#x${c.charCodeAt(0).toString(16)};`;
    }
  });
}

/** Writes a document; `undefined` content leaves the element out. */
export function writeXml(root: string, content: readonly XmlNode[], namespace = NAMESPACE): string {
  const attribute = namespace === '' ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${content.map(writeNode).join('')}</${root}>`;
}

function writeNode([name, content]: XmlNode): string {
  if (content === undefined) return '';
  if (Array.isArray(content)) return `<${name}>${content.map(writeNode).join('')}</${name}>`;
  return `<${name}>${escapeXml(String(content))}</${name}>`;
}

const MAX_DEPTH = 16;
const MAX_ELEMENTS = 50_000;
const OPEN_TAG = /<([A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const CLOSE_TAG = /<\/([\w.:-]+)\s*>/y;
const DECLARATION = /^\ufeff?\s*(?:<\?xml[^?>]*\?>\s*)?/;
const COMMENT = /<!--(?:(?!--)[\s\S])*-->/y;

interface Building {
  readonly name: string;
  text: string;
  readonly children: Building[];
}

/**
 * Reads the XML of a request: elements, text, the five named entities and character references. Document types,
 * processing instructions, CDATA and other entities are refused: no S3 client sends them, and they are the ways in
 * which XML from strangers does harm.
 *
 * @throws S3Error `MalformedXML`
 */
export function parseXml(bytes: Uint8Array): XmlElement {
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformedXml('it is not UTF-8');
  }
  const top: Building = { name: '', text: '', children: [] };
  const open: Building[] = [top];
  let elements = 0;
  let at = DECLARATION.exec(source)?.[0].length ?? 0;
  while (at < source.length) {
    const parent = open.at(-1) ?? top;
    if (source[at] !== '<') {
      const next = source.indexOf('<', at);
      const end = next < 0 ? source.length : next;
      parent.text += unescapeXml(source.slice(at, end));
      at = end;
      continue;
    }
    const [kind, match] = matchTag(source, at);
    at += match[0].length;
    if (kind === 'comment') continue;
    if (kind === 'close') {
      if (open.length === 1 || match[1] !== parent.name) throw malformedXml(`</${match[1]}> closes nothing`);
      open.pop();
      continue;
    }
    if (++elements > MAX_ELEMENTS || open.length > MAX_DEPTH) throw malformedXml('it is too large or too deep');
    const element: Building = { name: match[1] ?? '', text: '', children: [] };
    parent.children.push(element);
    if (match[3] !== '/') open.push(element);
  }
  if (open.length !== 1) throw malformedXml(`<${open.at(-1)?.name}> is not closed`);
  const root = top.children[0];
  if (root === undefined || top.children.length > 1 || top.text.trim() !== '')
    throw malformedXml('it has no single root');
  return root;
}

function matchTag(source: string, at: number): ['open' | 'close' | 'comment', RegExpExecArray] {
  for (const [kind, pattern] of [
    ['open', OPEN_TAG],
    ['close', CLOSE_TAG],
    ['comment', COMMENT],
  ] as const) {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match) return [kind, match];
  }
  throw malformedXml(`at character ${at}`);
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescapeXml(text: string): string {
  const plain = text.replace(/\r\n?/g, '\n');
  if (!plain.includes('&')) return plain;
  return plain.replace(/&([^;&]*)(;?)/g, (_whole, name: string, end: string) => {
    const value = end === ';' ? (NAMED.get(name) ?? characterReference(name)) : undefined;
    if (value === undefined) throw malformedXml(`&${name.slice(0, 20)} is not an entity`);
    return value;
  });
}

function characterReference(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  if (!digits) return undefined;
  const code = digits[1] ? Number.parseInt(digits[1], 16) : Number.parseInt(digits[2] ?? '', 10);
  return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? undefined : String.fromCodePoint(code);
}

/** The text of the only child of that name, if there is one. */
export function childText(element: XmlElement, name: string): string | undefined {
  const found = element.children.filter((child) => child.name === name);
  if (found.length > 1) throw malformedXml(`${name} appears twice`);
  return found[0]?.text;
}

/** Refuses elements outside the list: one that is not understood may change what is asked for. */
export function onlyChildren(element: XmlElement, names: readonly string[]): void {
  for (const child of element.children) {
    if (!names.includes(child.name)) throw malformedXml(`<${element.name}> cannot hold <${child.name}> here`);
  }
}
