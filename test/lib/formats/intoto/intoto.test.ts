import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import { encodeStatement, isAbout, parseStatement } from '../../../../lib/formats/intoto/index.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const other = `sha256:${'b'.repeat(64)}` as const;
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: 'aa' } }],
  predicateType: 'p',
};

describe('in-toto statements', () => {
  it('reads back what it writes', () => {
    const written = encodeStatement({
      subject: [{ name: 'app', digest }],
      predicateType: 'https://p',
      predicate: { a: 1 },
    });
    const read = parseStatement(written);
    expect(read).toMatchObject({
      type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://p',
      predicate: { a: 1 },
    });
    expect(read.subject).toEqual([{ name: 'app', digest: new Map([['sha256', 'a'.repeat(64)]]) }]);
    expect(isAbout(read, digest)).toBe(true);
    expect(isAbout(read, other)).toBe(false);
    expect(isAbout(read, `sha512:${'a'.repeat(128)}`)).toBe(false);
  });

  it('takes what cosign and BuildKit write: no name, annotations, version 0.1', () => {
    const subject = [{ digest: { sha256: 'a'.repeat(64), gitCommit: 'x' }, annotations: {} }];
    expect(isAbout(parseStatement(bytes({ ...statement, subject })), digest)).toBe(true);
    expect(parseStatement(bytes({ ...statement, _type: 'https://in-toto.io/Statement/v0.1' })).predicateType).toBe('p');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', []],
    ['another type', { ...statement, _type: 'https://in-toto.io/Statement/v2' }],
    ['no subject', { ...statement, subject: [] }],
    ['a subject without a digest', { ...statement, subject: [{ name: 'x' }] }],
    ['a digest that is no text', { ...statement, subject: [{ digest: { sha256: 1 } }] }],
    ['no predicate type', { ...statement, predicateType: '' }],
    ['a key twice', '{"_type":"https://in-toto.io/Statement/v1","predicateType":"a","predicateType":"b"}'],
    ['deep nesting', `${'['.repeat(101)}${']'.repeat(101)}`],
  ])('refuses %s', (_what, value) => {
    expect(() => parseStatement(bytes(value))).toThrow(expect.objectContaining({ code: 'statement-invalid' }));
  });

  it('throws nothing but its own error, whatever it is given', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (given) => {
        try {
          parseStatement(given);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
        }
      }),
    );
  });

  it('treats prototype names as names of algorithms that match nothing', () => {
    const read = parseStatement(
      bytes(
        '{"_type":"https://in-toto.io/Statement/v1","predicateType":"p","subject":[{"digest":{"__proto__":"x","constructor":"y"}}]}',
      ),
    );
    expect(isAbout(read, digest)).toBe(false);
    expect(read.subject[0]?.digest.get('__proto__')).toBe('x');
  });
});
