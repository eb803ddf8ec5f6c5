import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXml, XmlError } from '../../../../lib/formats/xml/index.ts';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size);
}

async function read(text: string, size = 7): Promise<string[]> {
  const seen: string[] = [];
  await readXml(pieces(text, size), {
    open: ({ name, attributes }, depth) => void seen.push(`${depth}<${name} ${JSON.stringify([...attributes])}`),
    close: (name, content, depth) => void seen.push(`${depth}>${name} ${content}`),
  });
  return seen;
}

const DOCUMENT = `\uFEFF<?xml version="1.0"?>
<!-- a > comment -- with < signs -->
<o:root xmlns:o="urn:x" o:id="1 &amp; 2" other='"a>b"'>
  text &lt;one&gt; &#65;&#x42; <empty/><![CDATA[ <raw> &amp; ]]>
  <o:child>inner</o:child >
</o:root>
`;
const EVENTS = [
  '0<root [["id","1 & 2"],["other","\\"a>b\\""]]',
  '1<empty []',
  '1>empty ',
  '1<child []',
  '1>child inner',
  '0>root text <one> AB  <raw> &amp;',
];

describe('XML as it streams by', () => {
  it.each([1, 2, 3, 7, 64, 10_000])('is the same in pieces of %i', async (size) => {
    expect(await read(DOCUMENT, size)).toEqual(EVENTS);
  });

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
    ['an entity of its own', '<a>&b;</a>'],
    ['an end that is missing', '<a><b></b>'],
    ['an end of something else', '<a><b></a></b>'],
    ['a tag that breaks off', '<a href="x'],
    ['two roots', '<a/><b/>'],
    ['text outside', '<a/>text'],
    ['nothing', ''],
    ['no element', '<?xml version="1.0"?>'],
    ['an attribute without value', '<a b></a>'],
    ['a tag in a tag', '<a <b>'],
    ['a nesting beyond all measure', '<a>'.repeat(200)],
    ['a character beyond all characters', '<a>&#x110000;</a>'],
  ])('is refused with %s', async (_what, text) => {
    await expect(read(text)).rejects.toThrow(XmlError);
  });

  it('takes no more memory than one piece may have', async () => {
    const endless = async function* (): AsyncGenerator<string> {
      yield '<a b="';
      for (;;) yield 'x'.repeat(1024 * 1024);
    };
    await expect(readXml(endless(), { open: () => undefined, close: () => undefined })).rejects.toThrow(
      /over \d+ char/,
    );
  });

  it('answers any text with events or an XmlError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'<>/=!-?[]"\' &;ab'), maxLength: 60 }), async (text) => {
        await read(text).catch((error: unknown) => expect(error).toBeInstanceOf(XmlError));
      }),
      { numRuns: 1000 },
    );
  });
});
