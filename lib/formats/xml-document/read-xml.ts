import { LadingError, LimitExceededError } from '../../core/errors.ts';

export interface XmlElement {
  /** As written, with its prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly in it, pieces joined. */
  readonly text: string;
}

interface XmlLimits {
  /** Of the document; 64 MiB when absent. */
  readonly maxBytes?: number;
  /** Elements inside of one another; 100 when absent. */
  readonly maxDepth?: number;
  /** Elements and attributes together; 4,000,000 when absent. */
  readonly maxNodes?: number;
}

/**
 * Reads a whole document of a stranger as a tree (XML 1.0, fifth edition; UTF-8), for documents whose parts refer to one
 * another. No document type declaration is accepted, and so no entity but the five of section 4.6 and character
 * references: nothing can expand, and nothing is fetched.
 *
 * @throws LadingError `xml-invalid`; LimitExceededError
 */
export function readXmlDocument(input: string | Uint8Array, limits: XmlLimits = {}): XmlElement {
  const { maxBytes = 64 * 1024 * 1024, maxDepth = 100, maxNodes = 4_000_000 } = limits;
  if (input.length > maxBytes) throw new LimitExceededError('xml-bytes', `the document is over ${maxBytes} bytes`);
  return new XmlReader(decode(input), maxDepth, maxNodes).document();
}

export const childrenNamed = (parent: XmlElement | undefined, name: string): readonly XmlElement[] =>
  parent?.children.filter((child) => child.name === name) ?? [];

/** The text of the first child of that name. */
export const childText = (parent: XmlElement | undefined, name: string): string | undefined =>
  parent?.children.find((child) => child.name === name)?.text;

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

const NAME = /[\p{L}_:][\p{L}\p{N}_:.\u00b7-]*/uy;
const SPACE = /[ \t\r\n]*/y;
const PREDEFINED: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

class XmlReader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #maxNodes: number;
  #at = 0;
  #nodes = 0;

  constructor(text: string, maxDepth: number, maxNodes: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#maxNodes = maxNodes;
  }

  document(): XmlElement {
    if (this.#text.startsWith('\u{feff}')) this.#at = 1;
    const open: Open[] = [];
    let root: XmlElement | undefined;
    while (this.#at < this.#text.length) {
      const parent = open.at(-1);
      if (this.#text[this.#at] !== '<') this.#characters(parent);
      else if (this.#skipped('<!--', '-->') || this.#skipped('<?', '?>')) continue;
      else if (this.#text.startsWith('<![CDATA[', this.#at)) this.#section(parent);
      else if (this.#text.startsWith('<!', this.#at)) throw this.#fail('it has a document type declaration');
      else if (this.#text.startsWith('</', this.#at)) root = this.#close(open) ?? root;
      else {
        if (!parent && root) throw this.#fail('it has two root elements');
        root = this.#open(open) ?? root;
      }
    }
    if (open.length > 0 || !root) throw this.#fail('it ends too early');
    return root;
  }

  #characters(parent: Open | undefined): void {
    const end = this.#text.indexOf('<', this.#at);
    const raw = this.#text.slice(this.#at, end < 0 ? undefined : end);
    if (parent) parent.text += this.#resolve(raw);
    else if (raw.trim() !== '') throw this.#fail('it has text outside of its root element');
    this.#at = end < 0 ? this.#text.length : end;
  }

  #section(parent: Open | undefined): void {
    const end = this.#text.indexOf(']]>', this.#at);
    if (end < 0 || !parent) throw this.#fail('a CDATA section does not end, or is nowhere');
    parent.text += this.#text.slice(this.#at + 9, end);
    this.#at = end + 3;
  }

  #skipped(begin: string, end: string): boolean {
    if (!this.#text.startsWith(begin, this.#at)) return false;
    const found = this.#text.indexOf(end, this.#at + begin.length);
    if (found < 0) throw this.#fail(`"${begin}" does not end`);
    this.#at = found + end.length;
    return true;
  }

  /** Returns the element where it is the root and empty. */
  #open(open: Open[]): XmlElement | undefined {
    this.#at++;
    const name = this.#name();
    const attributes = this.#attributes();
    const made: Open = { name, attributes, children: [], text: '' };
    this.#count();
    if (this.#take('/>')) return this.#finish(made, open);
    if (!this.#take('>')) throw this.#fail(`the tag <${name.slice(0, 80)}> is malformed`);
    open.push(made);
    if (open.length > this.#maxDepth) {
      throw new LimitExceededError('xml-depth', `the document is nested over ${this.#maxDepth} deep`);
    }
    return undefined;
  }

  #close(open: Open[]): XmlElement | undefined {
    this.#at += 2;
    const name = this.#name();
    this.#skipSpace();
    const ended = open.pop();
    if (ended?.name !== name || !this.#take('>')) throw this.#fail(`</${name.slice(0, 80)}> ends something else`);
    return this.#finish(ended, open);
  }

  #finish(ended: Open, open: readonly Open[]): XmlElement | undefined {
    const parent = open.at(-1);
    parent?.children.push(ended);
    return parent ? undefined : ended;
  }

  #attributes(): ReadonlyMap<string, string> {
    const attributes = new Map<string, string>();
    for (;;) {
      const before = this.#at;
      this.#skipSpace();
      const next = this.#text[this.#at];
      if (next === undefined || next === '/' || next === '>') return attributes;
      if (this.#at === before) throw this.#fail('attributes stand together without space');
      const name = this.#name();
      this.#skipSpace();
      if (!this.#take('=')) throw this.#fail('an attribute has no value');
      this.#skipSpace();
      const quote = this.#text[this.#at];
      const end = quote === '"' || quote === "'" ? this.#text.indexOf(quote, this.#at + 1) : -1;
      if (end < 0) throw this.#fail('the value of an attribute has no quotes');
      const raw = this.#text.slice(this.#at + 1, end);
      if (raw.includes('<') || attributes.has(name))
        throw this.#fail(`the attribute ${name.slice(0, 80)} is malformed`);
      attributes.set(name, this.#resolve(raw.replace(/[\t\n]/g, ' ')));
      this.#count();
      this.#at = end + 1;
    }
  }

  #resolve(raw: string): string {
    if (!raw.includes('&')) return raw;
    return raw.replace(/&([^;&]{0,32};?)/g, (_, reference: string) => {
      if (!reference.endsWith(';')) throw this.#fail('it has a bare ampersand');
      const name = reference.slice(0, -1);
      const known = PREDEFINED.get(name);
      if (known !== undefined) return known;
      const hex = /^#x([0-9a-fA-F]{1,6})$/.exec(name)?.[1];
      const decimal = /^#([0-9]{1,7})$/.exec(name)?.[1];
      const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : -1;
      if (!isCharacter(code)) throw this.#fail(`the reference &${name}; is not known`);
      return String.fromCodePoint(code);
    });
  }

  #name(): string {
    NAME.lastIndex = this.#at;
    const name = NAME.exec(this.#text)?.[0];
    if (name === undefined) throw this.#fail('a name is expected');
    this.#at += name.length;
    return name;
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }

  #take(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #count(): void {
    if (++this.#nodes > this.#maxNodes) {
      throw new LimitExceededError('xml-nodes', `the document has over ${this.#maxNodes} elements and attributes`);
    }
  }

  #fail(why: string): LadingError {
    return new LadingError('xml-invalid', `the document is not acceptable XML: ${why}, at character ${this.#at}`);
  }
}

/** XML 1.0, section 2.2, "Char". */
const isCharacter = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff);

function decode(input: string | Uint8Array): string {
  if (typeof input === 'string') return input.replace(/\r\n?/g, '\n');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input).replace(/\r\n?/g, '\n');
  } catch (cause) {
    throw new LadingError('xml-invalid', 'the document is not acceptable XML: it is not UTF-8', { cause });
  }
}
