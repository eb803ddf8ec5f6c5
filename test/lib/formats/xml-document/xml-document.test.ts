import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import {
  element,
  readXmlDocument,
  writeXml,
  type XmlElement,
  type XmlNode,
} from '../../../../lib/formats/xml-document/index.ts';

const asNode = (one: XmlElement): XmlNode =>
  element(one.name, Object.fromEntries(one.attributes), one.text, ...one.children.map(asNode));

const refused = (text: string): string => {
  try {
    readXmlDocument(text);
    return 'accepted';
  } catch (error) {
    return isLadingError(error) ? error.code : `not a LadingError: ${String(error)}`;
  }
};

describe('XML', () => {
  it('is read with its attributes, references, sections and comments', () => {
    const root = readXmlDocument(
      '\u{feff}<?xml version="1.0"?><!-- a --><a:b x=\'1 &amp; 2\' y="&#x41;&#66;\n">t<c/>\r\n&lt;<![CDATA[<&]]></a:b>\n',
    );
    expect(root.name).toBe('a:b');
    expect([...root.attributes]).toEqual([
      ['x', '1 & 2'],
      ['y', 'AB '],
    ]);
    expect(root.text).toBe('t\n<<&');
    expect(root.children.map(({ name }) => name)).toEqual(['c']);
  });

  it.each([
    ['a document type, which could define entities', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['a reference to no character', '<a>&#0;</a>'],
    ['a surrogate', '<a>&#xD800;</a>'],
    ['an attribute twice', '<a b="1" b="2"/>'],
    ['attributes without space', '<a b="1"c="2"/>'],
    ['an attribute without quotes', '<a b=1/>'],
    ['tags that cross', '<a><b></a></b>'],
    ['an end too early', '<a><b/>'],
    ['two roots', '<a/><b/>'],
    ['text outside', '<a/>b'],
    ['a comment without end', '<a/><!--'],
    ['nothing', ''],
  ])('is refused with %s', (_, text) => expect(refused(text)).toBe('xml-invalid'));

  it('is refused over its caps, without recursion', () => {
    expect(refused('<a>'.repeat(100_000))).toBe('limit-exceeded');
    expect(() => readXmlDocument('<a><b/><b/></a>', { maxNodes: 2 })).toThrowError(/over 2 elements/);
    expect(() => readXmlDocument('<a/>', { maxBytes: 3 })).toThrowError(/over 3 bytes/);
  });

  it('gives back what was written, whatever the texts', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 }).map((one) =>
      // What XML cannot hold is written as U+FFFD, which comes back as that.
      one.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\u{fffd}'),
    );
    const tree = (depth: number): fc.Arbitrary<XmlElement> =>
      fc.record({
        name: fc.constantFrom('a', 'b-c', 'd:e', 'é'),
        attributes: fc.dictionary(fc.constantFrom('x', 'y.z'), text).map((one) => new Map(Object.entries(one))),
        children: depth === 0 ? fc.constant([]) : fc.array(tree(depth - 1), { maxLength: 3 }),
        text,
      });
    fc.assert(
      fc.property(tree(3), (one) => {
        expect(readXmlDocument(writeXml(asNode(one)))).toEqual(one);
      }),
      { numRuns: 200 },
    );
  });

  it('answers any bytes with an element or a reason', () => {
    const piece = fc.constantFrom('<', '>', '/', 'a', ' ', '=', '"', '&', ';', '<!--', '-->', '<![CDATA[', ']]>', '<?');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const answer = refused(pieces.join(''));
        expect(['accepted', 'xml-invalid', 'limit-exceeded']).toContain(answer);
      }),
      { numRuns: 500 },
    );
  });
});
