import { LadingError } from '../../core/errors.ts';

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string;
  /** By name without prefix. */
  readonly attributes: ReadonlyMap<string, string>;
}

export interface XmlHandler {
  open(element: XmlElement, depth: number): void;
  /** With all the text directly in the element, white space at its ends removed. */
  close(name: string, text: string, depth: number): void;
}

export class XmlError extends LadingError {
  override readonly name = 'XmlError';
  constructor(message: string) {
    super('xml-invalid', message);
  }
}

/** Of one tag, comment, CDATA section or text between two tags. */
const MAX_PIECE = 4 * 1024 * 1024;
const MAX_DEPTH = 100;
const MAX_ATTRIBUTES = 256;

/**
 * Reads XML 1.0 as it streams by, as much of it as advisories use. Document types are refused, so that there are no
 * entities but the five of the specification (section 4.6) and nothing to fetch or to expand. Memory is bound by the largest piece.
 *
 * @throws XmlError
 */
export async function readXml(chunks: AsyncIterable<string>, handler: XmlHandler): Promise<void> {
  const parser = createParser(handler);
  for await (const chunk of chunks) parser.feed(chunk);
  parser.end();
}

interface Open {
  readonly name: string;
  readonly qualified: string;
  texts: string[];
}

function createParser(handler: XmlHandler) {
  const stack: Open[] = [];
  let buffer = '';
  let seenRoot = false;

  const text = (raw: string, verbatim = false): void => {
    const top = stack.at(-1);
    if (top) {
      if (raw !== '') top.texts.push(verbatim ? raw : decodeEntities(raw));
    } else if (raw.trim() !== '' && raw !== '\uFEFF') throw new XmlError('there is text outside of the root element');
  };
  const closeTop = (): void => {
    const top = stack.pop() as Open;
    handler.close(top.name, top.texts.join('').trim(), stack.length);
  };
  const openTag = (inside: string): void => {
    const selfClosing = inside.endsWith('/');
    const { qualified, attributes } = parseTag(selfClosing ? inside.slice(0, -1) : inside);
    if (stack.length === 0 && seenRoot) throw new XmlError('there are two root elements');
    if (stack.length >= MAX_DEPTH) throw new XmlError(`it is nested over ${MAX_DEPTH} deep`);
    seenRoot = true;
    const name = localName(qualified);
    stack.push({ name, qualified, texts: [] });
    handler.open({ name, attributes }, stack.length - 1);
    if (selfClosing) closeTop();
  };
  const closeTag = (qualified: string): void => {
    if (stack.at(-1)?.qualified !== qualified.trim()) throw new XmlError(`</${qualified.slice(0, 80)}> closes nothing`);
    closeTop();
  };

  /** Takes one tag, comment or section from `at`, where there is a `<`; -1 when it is not all there yet. */
  const markup = (at: number): number => {
    const enclosed = (start: string, end: string): [string, number] | undefined | false => {
      if (!buffer.startsWith(start, at)) return start.startsWith(buffer.slice(at)) ? undefined : false;
      const stop = buffer.indexOf(end, at + start.length);
      return stop < 0 ? undefined : [buffer.slice(at + start.length, stop), stop + end.length];
    };
    for (const [start, end, take] of [
      ['<!--', '-->', () => undefined],
      ['<![CDATA[', ']]>', (inside: string) => text(inside, true)],
      ['<?', '?>', () => undefined],
    ] as const) {
      const found = enclosed(start, end);
      if (found === undefined) return -1;
      if (found === false) continue;
      take(found[0]);
      return found[1];
    }
    if (buffer.startsWith('<!', at)) throw new XmlError('it has a document type, which is not read here');
    const stop = tagEnd(buffer, at + 1);
    if (stop < 0) return -1;
    const inside = buffer.slice(at + 1, stop);
    if (inside.startsWith('/')) closeTag(inside.slice(1));
    else openTag(inside);
    return stop + 1;
  };

  return {
    feed(chunk: string): void {
      buffer += chunk;
      let at = 0;
      while (at < buffer.length) {
        const next = buffer.indexOf('<', at);
        if (next < 0) break;
        if (next > at) text(buffer.slice(at, next));
        at = next;
        const after = markup(at);
        if (after < 0) break;
        at = after;
      }
      buffer = buffer.slice(at);
      if (buffer.length > MAX_PIECE) throw new XmlError(`one piece of it is over ${MAX_PIECE} characters long`);
    },
    end(): void {
      if (buffer.includes('<')) throw new XmlError('it breaks off');
      text(buffer);
      if (stack.length > 0) throw new XmlError(`<${stack.at(-1)?.qualified}> does not end`);
      if (!seenRoot) throw new XmlError('it has no element');
    },
  };
}

/** A `>` within quotes is part of a value. */
function tagEnd(text: string, from: number): number {
  let quote = 0;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (quote !== 0) {
      if (c === quote) quote = 0;
    } else if (c === 0x22 || c === 0x27) quote = c;
    else if (c === 0x3e) return i;
    else if (c === 0x3c) throw new XmlError('a tag holds a "<"');
  }
  return -1;
}

const localName = (qualified: string): string => qualified.slice(qualified.indexOf(':') + 1);

const NAME = /^[A-Za-z_:][A-Za-z0-9_:.-]*/;
const ATTRIBUTE = /\s+([A-Za-z_:][A-Za-z0-9_:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

function parseTag(inside: string): { qualified: string; attributes: Map<string, string> } {
  const qualified = NAME.exec(inside)?.[0];
  if (qualified === undefined) throw new XmlError('a tag has no name');
  const attributes = new Map<string, string>();
  ATTRIBUTE.lastIndex = qualified.length;
  let at = qualified.length;
  for (let match = ATTRIBUTE.exec(inside); match; match = ATTRIBUTE.exec(inside)) {
    const name = match[1] ?? '';
    at = ATTRIBUTE.lastIndex;
    // Declarations of namespaces are not told: names are known by themselves here.
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    if (attributes.size >= MAX_ATTRIBUTES) throw new XmlError(`<${qualified}> has over ${MAX_ATTRIBUTES} attributes`);
    attributes.set(localName(name), decodeEntities(match[2] ?? match[3] ?? ''));
  }
  if (inside.slice(at).trim() !== '')
    throw new XmlError(`<${qualified.slice(0, 80)}> has attributes that cannot be read`);
  return { qualified, attributes };
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,32};?)/g, (whole, body: string) => {
    const name = body.endsWith(';') ? body.slice(0, -1) : '';
    const known = ENTITIES.get(name);
    if (known !== undefined) return known;
    const code = /^#x[0-9a-f]{1,6}$/i.test(name)
      ? Number.parseInt(name.slice(2), 16)
      : /^#\d{1,7}$/.test(name)
        ? Number(name.slice(1))
        : Number.NaN;
    if (code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    throw new XmlError(`the entity ${whole.slice(0, 40)} is not known`);
  });
}
