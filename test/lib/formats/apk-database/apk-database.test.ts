import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apkDependencyName, parseApkDatabase } from '../../../../lib/formats/apk-database/index.ts';

describe('the database of apk', () => {
  it('is read record by record, without the files', () => {
    const text = [
      'C:Q1abc=',
      'P:busybox',
      'V:1.36.1-r7',
      'A:x86_64',
      'S:1',
      'T:a: description',
      'L:GPL-2.0-only',
      'o:busybox',
      'm:A <a@b>',
      'c:1234',
      'D:so:libc.musl-x86_64.so.1 /bin/sh  !other',
      'p:/bin/sh cmd:busybox=1.36.1-r7',
      'F:bin',
      'R:busybox',
      'a:0:0:755',
      'Z:Q1x=',
      '',
      '',
      'P:only-a-name',
      '',
      'not a field',
      'P:last',
      'V:1-r0',
      'A:',
    ].join('\n');
    expect([...parseApkDatabase(text)]).toEqual([
      {
        name: 'busybox',
        version: '1.36.1-r7',
        arch: 'x86_64',
        origin: 'busybox',
        license: 'GPL-2.0-only',
        maintainer: 'A <a@b>',
        commit: '1234',
        depends: ['so:libc.musl-x86_64.so.1', '/bin/sh', '!other'],
        provides: ['/bin/sh', 'cmd:busybox=1.36.1-r7'],
      },
      { name: 'last', version: '1-r0', depends: [], provides: [] },
    ]);
    expect([...parseApkDatabase('')]).toEqual([]);
  });

  it('never throws and only gives whole records', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('P:a', 'V:1', '', 'P:', ':', 'D:x', 'q'), { maxLength: 12 }), (lines) => {
        for (const record of parseApkDatabase(lines.join('\n')))
          expect([record.name, record.version]).toEqual(['a', '1']);
      }),
    );
  });

  it('names dependencies without their versions', () => {
    expect(['musl>=1.2', 'so:libz.so.1=1.2.13', 'a~1', '/bin/sh', 'x@edge', '!no'].map(apkDependencyName)).toEqual([
      'musl',
      'so:libz.so.1',
      'a',
      '/bin/sh',
      'x',
      undefined,
    ]);
  });
});
