import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { executableFormat, readExecutables } from '../../../../lib/formats/executable/index.ts';
import { type WrittenSection, writeElf, writeFatMachO, writeMachO, writePe } from './write-executable.ts';

const sections: readonly WrittenSection[] = [
  { name: '.rodata', content: Buffer.from('read only') },
  { name: '.data', content: Buffer.from('data'), writable: true },
];

const programs = [
  ['a 64-bit ELF file', writeElf(sections)],
  ['a 32-bit ELF file', writeElf(sections, { bits: 32 })],
  ['a big-endian ELF file', writeElf(sections, { bigEndian: true })],
  ['a big-endian 32-bit ELF file', writeElf(sections, { bits: 32, bigEndian: true })],
  ['a PE file', writePe(sections)],
  ['a Mach-O file', writeMachO(sections)],
] as const;

describe('readExecutables', () => {
  it.each(programs)('finds the sections of %s', (_what, bytes) => {
    const [program, ...others] = readExecutables(bytes);
    expect(others).toEqual([]);
    for (const { name, content } of sections) {
      const section = program?.sections.find((one) => one.name === name);
      expect(section && bytes.subarray(section.offset, section.offset + section.size)).toEqual(content);
    }
    expect(program?.segments.some(({ writable }) => writable)).toBe(true);
  });

  it('leaves out sections of an ELF file that nobody wants', () => {
    const namesOf = (wanted: readonly string[]) =>
      readExecutables(writeElf(sections), wanted).flatMap((one) => one.sections.map(({ name }) => name));
    expect(namesOf(['.data', '.rodat', '.'])).toEqual(['.data']);
    expect(namesOf([])).toEqual([]);
  });

  it('finds the segments of an ELF file that lost its section table', () => {
    const [program] = readExecutables(writeElf(sections, { sectionTable: false }));
    expect(program?.sections).toEqual([]);
    expect(program?.segments.map(({ writable, size }) => [writable, size])).toEqual([
      [false, 9],
      [true, 4],
    ]);
  });

  it('takes a Mach-O file for several architectures apart, and leaves Java classes alone', () => {
    expect(readExecutables(writeFatMachO([writeMachO(sections), writeMachO(sections)]))).toHaveLength(2);
    expect(executableFormat(Buffer.from([0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]))).toBeUndefined();
    expect(executableFormat(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
    expect(executableFormat(Buffer.from('MZ'))).toBeUndefined();
  });

  it('ends in a result whatever was damaged or cut off', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...programs.map(([, bytes]) => bytes), writeFatMachO([writeMachO(sections)])),
        fc.array(fc.tuple(fc.nat(600), fc.integer({ min: 0, max: 255 })), { maxLength: 8 }),
        fc.nat(4096),
      )
      .map(([bytes, changes, cut]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) if (at >= 4 && at < copy.length) copy[at] = value;
        return copy.subarray(0, copy.length - Math.min(cut, copy.length));
      });
    fc.assert(
      fc.property(damaged, (bytes) => {
        for (const program of readExecutables(bytes)) expect(program.sections.length).toBeLessThanOrEqual(70_000);
      }),
      { numRuns: 500 },
    );
  });
});
