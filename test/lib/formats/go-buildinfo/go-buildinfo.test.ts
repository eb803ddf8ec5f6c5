import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExecutables } from '../../../../lib/formats/executable/index.ts';
import { findInlineBuildInfo, parseModuleInfo, readGoBuildInfo } from '../../../../lib/formats/go-buildinfo/index.ts';
import { writeElf, writeMachO, writePe } from '../executable/write-executable.ts';
import { inlineBuildInfo, pointerProgram } from './write-build-info.ts';

const MODULES = `path\texample.org/tool/cmd/tool
mod\texample.org/tool\tv1.2.3\th1:main=
dep\texample.org/a\tv0.1.0\th1:a=
dep\texample.org/b\tv0.2.0
=>\texample.org/fork\tv0.2.1\th1:fork=
build\t-compiler=gc
build\t-ldflags="-X main.version=1.0 -s"
build\tvcs.time=2026-01-02T03:04:05Z
`;
const text = 'x'.repeat(300);
const expected = {
  goVersion: 'go1.21.0',
  path: 'example.org/tool/cmd/tool',
  main: { path: 'example.org/tool', version: 'v1.2.3', sum: 'h1:main=' },
  deps: [
    { path: 'example.org/a', version: 'v0.1.0', sum: 'h1:a=' },
    {
      path: 'example.org/b',
      version: 'v0.2.0',
      replace: { path: 'example.org/fork', version: 'v0.2.1', sum: 'h1:fork=' },
    },
  ],
  settings: new Map([
    ['-compiler', 'gc'],
    ['-ldflags', '-X main.version=1.0 -s'],
    ['vcs.time', '2026-01-02T03:04:05Z'],
  ]),
};

const inline = inlineBuildInfo('go1.21.0', MODULES);
const data = Buffer.concat([Buffer.alloc(64, 1), inline, Buffer.alloc(64, 1)]);
const noise = { name: '.rodata', content: Buffer.from(text) };
const programs: readonly (readonly [string, Buffer])[] = [
  ['a section of its own', writeElf([noise, { name: '.go.buildinfo', content: inline, writable: true }])],
  [
    'the data of a program without sections',
    writeElf([noise, { name: '.data', content: data, writable: true }], { sectionTable: false }),
  ],
  [
    'a Windows program',
    writePe([
      { name: '.text', content: Buffer.from(text) },
      { name: '.data', content: data, writable: true },
    ]),
  ],
  ['a macOS program', writeMachO([{ name: '__go_buildinfo', content: inline }])],
  ['a program of Go 1.17', pointerProgram('go1.21.0', MODULES)],
  ['a 32-bit program of Go 1.17', pointerProgram('go1.21.0', MODULES, { bits: 32 })],
  ['a big-endian program of Go 1.17', pointerProgram('go1.21.0', MODULES, { bigEndian: true })],
];

describe('readGoBuildInfo', () => {
  it.each(programs)('reads %s', (_what, bytes) => {
    expect(readExecutables(bytes).map(readGoBuildInfo)).toEqual([expected]);
  });

  it('knows a program built without modules, and one that is not of Go', () => {
    const bare = writeElf([{ name: '.go.buildinfo', content: inlineBuildInfo('go1.20', ''), writable: true }]);
    expect(readExecutables(bare).map(readGoBuildInfo)).toEqual([
      { goVersion: 'go1.20', path: '', deps: [], settings: new Map() },
    ]);
    expect(readExecutables(writeElf([noise])).map(readGoBuildInfo)).toEqual([undefined]);
    const odd = Buffer.concat([Buffer.alloc(8), inline]);
    const misplaced = writeElf([{ name: '.data', content: odd, writable: true }]);
    expect(readExecutables(misplaced).map(readGoBuildInfo)).toEqual([undefined]);
  });

  it('ends in a result whatever was damaged or cut off', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...programs.map(([, bytes]) => bytes)),
        fc.array(fc.tuple(fc.nat(2500), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(2000),
        (bytes, changes, cut) => {
          const copy = Buffer.from(bytes);
          for (const [at, value] of changes) if (at >= 4 && at < copy.length) copy[at] = value;
          for (const program of readExecutables(copy.subarray(0, copy.length - cut))) {
            expect(typeof (readGoBuildInfo(program)?.goVersion ?? '')).toBe('string');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('findInlineBuildInfo', () => {
  it('tells what a part of a program has of it', () => {
    expect(findInlineBuildInfo(data)).toEqual({ status: 'found', info: expected });
    expect(findInlineBuildInfo(data.subarray(0, 300))).toEqual({ status: 'incomplete' });
    expect(findInlineBuildInfo(Buffer.from(text))).toEqual({ status: 'none' });
    const old = pointerProgram('go1.16', MODULES);
    expect(findInlineBuildInfo(old)).toEqual({ status: 'pointers' });
  });
});

describe('parseModuleInfo', () => {
  it('passes over lines that it does not know, and never throws', () => {
    expect(parseModuleInfo('=>\tx\tv1\nfoo\nbuild\tno-value\nbuild\t"a=b"=`c`\n')).toEqual({
      path: '',
      deps: [],
      settings: new Map([['a=b', 'c']]),
    });
    fc.assert(fc.property(fc.string(), (line) => Array.isArray(parseModuleInfo(`dep\t${line}\nbuild\t${line}`).deps)));
  });
});
