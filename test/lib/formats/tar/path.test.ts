import { posix } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../../../lib/formats/tar/index.ts';

describe('a path of an archive', () => {
  it('is cleaned with the root as ceiling', () => {
    const cases: [string, string, boolean][] = [
      ['usr/lib/os-release', 'usr/lib/os-release', false],
      ['./usr/lib/', 'usr/lib', false],
      ['/abs//x/./y', 'abs/x/y', false],
      ['a/../../up.txt', 'up.txt', true],
      ['../../escape.txt', 'escape.txt', true],
      ['.', '', false],
      ['./', '', false],
      ['/', '', false],
      ['', '', false],
      ['..', '', true],
      ['.hidden/..x/...', '.hidden/..x/...', false],
      ['a/..', '', false],
      ['//a', 'a', false],
    ];
    for (const [name, path, escapes] of cases) expect(normalizePath(name)).toMatchObject({ path, escapes });
  });

  it('is what joining it to the root would give', () => {
    const name = fc
      .array(fc.constantFrom('a', 'b.c', '.', '..', '', '/', '.d'), { maxLength: 8 })
      .map((p) => p.join('/'));
    fc.assert(
      fc.property(name, (text) => {
        const expected = posix.join('/', text).replace(/^\/+|\/+$/g, '');
        const { path, depth } = normalizePath(text);
        expect(path).toBe(expected);
        expect(depth).toBe(expected === '' ? 0 : expected.split('/').length);
      }),
    );
  });
});
