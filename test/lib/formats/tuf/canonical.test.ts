import { describe, expect, it } from 'vitest';
import { canonicalOlpc, parseTufMetadata } from '../../../../lib/formats/tuf/index.ts';

describe('canonical JSON of The Update Framework', () => {
  it('escapes nothing but what ends a text', () => {
    expect(canonicalOlpc({ b: [1, -2, true, null], a: 'x"\\\n\u00fc' })).toBe(
      '{"a":"x\\"\\\\\n\u00fc","b":[1,-2,true,null]}',
    );
    expect(() => canonicalOlpc(0.5)).toThrow(expect.objectContaining({ code: 'tuf-invalid' }));
  });
});

describe('metadata', () => {
  const file = (signed: unknown, signatures: unknown = []) => Buffer.from(JSON.stringify({ signed, signatures }));
  const good = { _type: 'Targets', version: 1, expires: '2026-01-01T00:00:00Z', targets: {} };

  it('has hashes in hex, or in base64 where Notary wrote it', () => {
    const hashed = (sha256: string) => ({ ...good, targets: { a: { length: 1, hashes: { sha256 } } } });
    const hashOf = (text: string, dialect: 'tuf' | 'notary') =>
      parseTufMetadata(file(hashed(text)), dialect)
        .targets.get('a')
        ?.hashes.get('sha256');
    expect(hashOf('00ff', 'tuf')).toBe('00ff');
    expect(hashOf('AP8=', 'notary')).toBe('00ff');
    expect(() => hashOf('AP8=', 'tuf')).toThrow(expect.objectContaining({ code: 'tuf-invalid' }));
  });

  it.each([
    ['another type', { ...good, _type: 'mirrors' }],
    ['no expiry', { ...good, expires: undefined }],
    ['a version that is no number', { ...good, version: '1' }],
    ['a threshold of nothing', { ...good, roles: { root: { keyids: [], threshold: 0 } } }],
    ['nothing', null],
  ])('is refused with %s', (_what, signed) => {
    expect(() => parseTufMetadata(file(signed), 'tuf')).toThrow(expect.objectContaining({ code: 'tuf-invalid' }));
  });
});
