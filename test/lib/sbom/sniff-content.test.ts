import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type FileKind, HEAD_BYTES } from '../../../lib/sbom/catalogers/cataloger.ts';
import { createHeadMatcher } from '../../../lib/sbom/catalogers/match-kind.ts';
import { defaultLayerLimits } from '../../../lib/sbom/layers/limits.ts';
import { sniffContent } from '../../../lib/sbom/layers/read-content.ts';
import { readLayer } from '../../../lib/sbom/layers/read-layer.ts';
import { buildLayer } from './image-builder.ts';

const MAGIC = 'MAGICxyz';
const kind: FileKind<string> = {
  id: 'magic',
  version: 1,
  match: { begins: (head) => Buffer.from(head).toString('latin1', 0, HEAD_BYTES) === MAGIC },
  maxBytes: 100,
  importance: 'file',
  bulky: true,
  parse: (content) => content.toString('latin1'),
  schema: () => z.string(),
};

describe('files known by their first bytes', () => {
  it('are handed on whole, however they were cut into pieces', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cuts, fc.constantFrom('MAGICxyz and more', 'something else', 'MAGIC'), (lengths, text) => {
        let got = '';
        let ended = false;
        const sink = sniffContent(createHeadMatcher([kind]), () => ({
          write: (chunk) => {
            got += Buffer.from(chunk).toString('latin1');
          },
          end: () => {
            ended = true;
          },
        }));
        const bytes = Buffer.from(text);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = lengths[i % lengths.length] ?? 1;
          sink.write(bytes.subarray(at, at + length));
          at += length;
        }
        sink.end();
        expect([got, ended]).toEqual(text.startsWith(MAGIC) ? [text, true] : ['', false]);
      }),
    );
  });

  it('over the cap of their kind are a gap, do not count as bytes of interest, and are not sought in great sparse files', async () => {
    const huge = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': String(2 ** 40) };
    const layer = buildLayer([
      { path: 'a', content: MAGIC },
      { path: 'b', content: MAGIC + 'x'.repeat(100) },
      { path: 'c', content: 'short' },
      { path: 'var/log/lastlog', content: '0\n'.padEnd(512, '\0'), pax: huge },
    ]);
    const expected = { digest: layer.descriptor.digest, size: layer.descriptor.size };
    const open = async function* () {
      yield layer.blob;
    };
    const limits = { ...defaultLayerLimits, maxInterestBytes: 1, maxUnpackedBytes: 2 ** 41 };
    const reading = await readLayer(expected, open, { kinds: [kind], limits });
    if (reading.status !== 'read') throw new Error(JSON.stringify(reading));
    expect(reading.inventory.contents).toEqual([{ entry: 0, kind: 'magic', content: MAGIC }]);
    expect(reading.inventory.gaps).toMatchObject([{ code: 'magic-bytes', path: 'b' }]);
  });
});
