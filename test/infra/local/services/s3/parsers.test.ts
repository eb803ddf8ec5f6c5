import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf, createChecksum } from '../../../../../infra/local/services/s3/checksums.ts';
import { decodeChunked } from '../../../../../infra/local/services/s3/chunked.ts';
import { operationOf } from '../../../../../infra/local/services/s3/operations.ts';
import { parseRange } from '../../../../../infra/local/services/s3/ranges.ts';
import { parseTarget } from '../../../../../infra/local/services/s3/target.ts';
import { escapeXml, parseXml, writeXml } from '../../../../../infra/local/services/s3/xml.ts';
import type { ServiceRequest } from '../../../../../infra/local/services/service.ts';

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
  return 'nothing thrown';
};

describe('XML', () => {
  it('reads back any text that it wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const document = writeXml('Root', [
          ['Child', text],
          ['Empty', ''],
        ]);
        // Nothing of the text is markup, or a character that XML 1.0 lacks.
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the point of the check
        expect(escapeXml(text)).not.toMatch(/[<>"'\u0000-\u0008\u000b-\u001f\ufffe\uffff]/);
        const root = parseXml(Buffer.from(document));
        expect(root.children.map(({ name, text: read }) => [name, read])).toEqual([
          ['Child', text.toWellFormed()],
          ['Empty', ''],
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  it('throws MalformedXML and nothing else for what is no XML', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '<a>',
        '</a>',
        '<a/>',
        '&lt;',
        '&',
        '<!--',
        '-->',
        '<![CDATA[',
        '<!DOCTYPE a>',
        '<?x?>',
        ' x="1"',
        '<',
      ),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(['MalformedXML', 'nothing thrown']).toContain(code(() => parseXml(Buffer.from(pieces.join('')))));
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ['CDATA', '<a><![CDATA[x]]></a>'],
    ['an unknown entity', '<a>&x;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['crossed tags', '<a><b></a></b>'],
    ['two roots', '<a/><b/>'],
    ['text outside', '<a/>x'],
    ['a surrogate', '<a>&#xd800;</a>'],
    ['depth', `${'<a>'.repeat(100)}${'</a>'.repeat(100)}`],
    ['a cut', '<a><b>'],
    ['bad UTF-8', Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e])],
  ])('refuses %s', (_what, document) => {
    expect(code(() => parseXml(Buffer.from(document)))).toBe('MalformedXML');
  });

  it('reads declarations, attributes, comments and character references', () => {
    const root = parseXml(
      Buffer.from('\ufeff<?xml version="1.0"?>\n<a xmlns="u"><!-- <x> --><b>1&#x41;&#66;&amp;</b>\n</a>'),
    );
    expect(root.children).toMatchObject([{ name: 'b', text: '1AB&' }]);
  });
});

describe('ranges', () => {
  it('lie within the object and hold what was asked for', () => {
    const bound = fc.option(fc.nat({ max: 30 }), { nil: undefined });
    fc.assert(
      fc.property(bound, bound, fc.nat({ max: 20 }), (first, last, size) => {
        const header = `bytes=${first ?? ''}-${last ?? ''}`;
        const content = Buffer.from(Array.from({ length: size }, (_, i) => i));
        let expected: Buffer | undefined | 'InvalidRange';
        if (first === undefined && last === undefined) expected = undefined;
        else if (first === undefined) expected = content.subarray(Math.max(0, size - (last ?? 0)));
        else if (last !== undefined && last < first) expected = undefined;
        else expected = content.subarray(first, last === undefined ? size : last + 1);
        if (expected?.length === 0) expected = 'InvalidRange';
        if (expected === 'InvalidRange') {
          expect(code(() => parseRange(header, size))).toBe('InvalidRange');
          return;
        }
        const range = parseRange(header, size);
        expect(range && content.subarray(range.start, range.end)).toEqual(expected);
      }),
    );
  });

  it.each(['bytes=0-1,3-4', 'items=0-1', 'bytes=a-b', '', 'bytes=-'])('ignore %j', (header) => {
    expect(parseRange(header, 10)).toBeUndefined();
  });
});

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const collect = async (source: AsyncIterable<Uint8Array>): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(source));

describe('aws-chunked', () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  const encode = (list: readonly Uint8Array[], extension: string, end: string): Buffer =>
    Buffer.concat([
      ...list.flatMap((chunk) => [
        Buffer.from(`${chunk.length.toString(16)}${extension}\r\n`),
        Buffer.from(chunk),
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`0${extension}\r\n${end}`),
    ]);

  it('gives back the chunks and the trailers, wherever the network cuts', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunks,
        sizes,
        fc.constantFrom('', ';chunk-signature=abc'),
        fc.constantFrom(
          '',
          '\r\n',
          'x-amz-checksum-crc32:AAAAAA==\r\n\r\n',
          'X-Amz-A: 1\r\nx-amz-trailer-signature:f\r\n\r\n',
        ),
        async (list, cuts, extension, end) => {
          const decoded = decodeChunked(cut(encode(list, extension, end), cuts));
          expect(await collect(decoded.data)).toEqual(Buffer.concat(list));
          expect(decoded.trailers.get('x-amz-checksum-crc32')).toBe(end.includes('crc32') ? 'AAAAAA==' : undefined);
          expect(decoded.trailers.get('x-amz-a')).toBe(end.includes('X-Amz-A') ? '1' : undefined);
        },
      ),
    );
  });

  it('never takes a cut or altered body for a whole one', async () => {
    await fc.assert(
      fc.asyncProperty(
        chunks,
        sizes,
        fc.nat(),
        fc.boolean(),
        fc.integer({ min: 1, max: 255 }),
        async (list, cuts, at, truncate, flip) => {
          const whole = encode(list, '', '\r\n');
          const position = at % whole.length;
          const broken = Buffer.from(whole.subarray(0, truncate ? position : whole.length));
          if (!truncate) broken[position] = (broken[position] ?? 0) ^ flip;
          const decoded = decodeChunked(cut(broken, cuts));
          const outcome = await collect(decoded.data).then(
            (data) => data,
            (error: { code: string }) => error.code,
          );
          if (typeof outcome === 'string') {
            expect(['IncompleteBody', 'MalformedTrailerError']).toContain(outcome);
          } else if (decoded.trailers.size === 0) {
            // A byte of the content may differ, the framing must not; the missing last line is optional. A last chunk
            // that reads like a trailer is caught by the declared length of the content.
            expect(outcome.length).toBe(Buffer.concat(list).length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('checksums', () => {
  // Check values of the catalogue of parametrised CRC algorithms for "123456789".
  it.each([
    ['crc32', 'cbf43926'],
    ['crc32c', 'e3069283'],
    ['crc64nvme', 'ae8b14860a799888'],
    ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ] as const)('%s of the check string', (algorithm, hex) => {
    expect(Buffer.from(checksumOf(algorithm, Buffer.from('123456789')), 'base64').toString('hex')).toBe(hex);
  });

  it('do not depend on how the content is cut', () => {
    const content = randomBytes(1000);
    for (const algorithm of ['crc32', 'crc32c', 'crc64nvme', 'sha256'] as const) {
      const checksum = createChecksum(algorithm);
      for (let at = 0; at < content.length; at += 7) checksum.update(content.subarray(at, at + 7));
      expect(checksum.value()).toBe(checksumOf(algorithm, content));
    }
  });
});

describe('request targets', () => {
  const read = (rawTarget: string) => parseTarget({ rawTarget } as unknown as ServiceRequest);

  it('give back any bucket and key that a client encoded', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(part, part, (key, value) => {
        const path = key.split('/').map(encodeURIComponent).join('/');
        const target = read(`/bucket/${path}?prefix=${encodeURIComponent(value)}&x-id=GetObject`);
        expect(target).toMatchObject({ bucket: 'bucket', key });
        expect(target.query.get('prefix')).toBe(value);
      }),
    );
  });

  it.each(['/bucket/%ff', '/bucket/%', 'http://x/bucket', '/bucket?a=1&a=2'])('refuse %j', (target) => {
    expect(code(() => read(target))).toBe('InvalidURI');
  });

  it('choose no operation when a parameter is unknown to it', () => {
    const none = new Map<string, string>();
    const name = (method: string, target: string): string => operationOf(method, read(target), none);
    expect(name('PUT', '/b/k?x-id=PutObject&X-Amz-Signature=1')).toBe('PutObject');
    expect(name('PUT', '/b/k?tagging')).toBe('PutObjectTagging');
    expect(name('GET', '/b/?list-type=2')).toBe('ListObjectsV2');
    for (const [method, target] of [
      ['PUT', '/b/k?acl'],
      ['PUT', '/b/k?restore'],
      ['PUT', '/b/k?versionId=1'],
      ['PUT', '/b/k?partNumber=1'],
      ['PUT', '/b?policy'],
      ['PUT', '/b?lifecycle'],
      ['DELETE', '/b?lifecycle'],
      ['DELETE', '/b/k?acl'],
      ['GET', '/b/k?attributes'],
      ['POST', '/b/k?select&select-type=2'],
      ['POST', '/b/k?restore'],
      ['POST', '/b'],
      ['PATCH', '/b/k'],
    ] as const) {
      expect(code(() => name(method, target))).toBe('NotImplemented');
    }
  });
});
