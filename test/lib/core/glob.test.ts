import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../../lib/core/glob.ts';

/** The same by a regular expression built from the pattern: right, but exponential on hostile patterns. */
function byRegExp(pattern: string, text: string): boolean {
  const source = pattern.replace(/\*\*|\*|\?|[\s\S]/gu, (token) =>
    token === '**'
      ? '[^]*'
      : token === '*'
        ? '[^/]*'
        : token === '?'
          ? '[^/]'
          : `\\u{${token.codePointAt(0)?.toString(16)}}`,
  );
  return new RegExp(`^${source}$`, 'u').test(text);
}

describe('globs', () => {
  it.each([
    ['**', 'a/b/c', true],
    ['*', 'a/b', false],
    ['team/*', 'team/app', true],
    ['team/*', 'team/app/web', false],
    ['team/**', 'team/app/web', true],
    ['v?.*', 'v1.2', true],
    ['v?.*', 'v10.2', false],
    ['', '', true],
    ['a.c', 'abc', false],
  ])('%s on %s is %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '?', '.'), maxLength: 8 });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b', '/', '.'), maxLength: 8 }), (pattern, text) => {
        expect(matchesGlob(pattern, text)).toBe(byRegExp(pattern, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('ends on a pattern that would hang a backtracking engine', () => {
    expect(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(400))).toBe(false);
  });
});
