import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseControl, parseRelations, parseSource } from '../../../../lib/formats/debian-control/index.ts';

const read = (text: string, ...wanted: string[]) =>
  [...parseControl(text, new Set(wanted))].map((paragraph) => Object.fromEntries(paragraph));

describe('a Debian control file', () => {
  it('is read paragraph by paragraph, only the fields that are wanted', () => {
    const text =
      'Package: a\nDescription: long\n more\n .\nversion:1:2-3\n\n\n\r\nPackage: b\nConffiles:\n /etc/x 1\n\t/etc/y 2\nVersion: 2';
    expect(read(text, 'package', 'version', 'conffiles')).toEqual([
      { package: 'a', version: '1:2-3' },
      { package: 'b', conffiles: '\n/etc/x 1\n/etc/y 2', version: '2' },
    ]);
  });

  it('may be broken: odd lines are passed over and the first of two equal fields counts', () => {
    expect(read(' continued\nno colon\nPackage: a\nPackage: b\n continued\nVersion: 1', 'package', 'version')).toEqual([
      { package: 'a', version: '1' },
    ]);
    expect(read('', 'package')).toEqual([]);
    expect(read('\n\n\n', 'package')).toEqual([]);
  });

  it('gives back what was written', () => {
    const value = fc.stringMatching(/^[a-z0-9:.~+-]{1,20}$/);
    const paragraph = fc.record({ package: value, version: value });
    fc.assert(
      fc.property(fc.array(paragraph), (paragraphs) => {
        const text = paragraphs
          .map((one) => `Package: ${one.package}\nOther: x\n y\nVersion: ${one.version}\n`)
          .join('\n');
        expect(read(text, 'package', 'version')).toEqual(paragraphs);
      }),
    );
  });

  it('names a source with its version only where that differs', () => {
    expect(parseSource('glibc')).toEqual({ name: 'glibc' });
    expect(parseSource('gcc-defaults (1.176ubuntu2.3)')).toEqual({ name: 'gcc-defaults', version: '1.176ubuntu2.3' });
    expect(parseSource('odd (')).toEqual({ name: 'odd' });
  });

  it('has relations with versions, architectures and alternatives', () => {
    expect(parseRelations('libc6 (>= 2.36), debconf (>= 0.5) | debconf-2.0, perl:any, x [amd64], , (y)')).toEqual([
      ['libc6'],
      ['debconf', 'debconf-2.0'],
      ['perl'],
      ['x'],
    ]);
  });
});
