import { describe, expect, it } from 'vitest';
import { toSpdxExpression } from '../../../../../lib/sbom/catalogers/dpkg/to-spdx-expression.ts';
import { classifyLicense } from '../../../../../lib/sbom/licenses.ts';
import { dpkgStatus, osRelease } from '../../image-builder.ts';
import { packagesOf } from '../packages-of.ts';

const DEP5 = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 1999 somebody
License: GPL-2+

Files: lib/*
License: GPL-3+ with Bison exception or Expat
 text

License: GPL-2+
 On Debian systems, see /usr/share/common-licenses/LGPL-3
`;

describe('copyright files of Debian packages', () => {
  it('tell the licences, also through a folder that is a link, and where that is said', async () => {
    const found = await packagesOf([
      osRelease('debian', '12'),
      dpkgStatus(['bash', '5.2'], ['libc6', '2.36'], ['libc-bin', '2.36'], ['none', '1']),
      { path: 'usr/share/doc/bash/copyright', content: DEP5 },
      { path: 'usr/share/doc/libc6/copyright', content: 'See /usr/share/common-licenses/LGPL-2.1.\n' },
      { path: 'usr/share/doc/libc-bin', type: 'symlink', linkname: 'libc6' },
    ]);
    const told = Object.fromEntries(found.map(({ name, licenses }) => [name, licenses]));
    expect(told).toEqual({
      bash: ['GPL-2.0-or-later', 'GPL-3.0-or-later WITH Bison-exception-2.2 OR MIT'],
      libc6: ['LGPL-2.1-only'],
      'libc-bin': ['LGPL-2.1-only'],
      none: [],
    });
    const paths = found.find(({ name }) => name === 'libc-bin')?.locations.map(({ path }) => path);
    expect(paths).toEqual(['usr/share/doc/libc6/copyright', 'var/lib/dpkg/status']);
  });

  it.each([
    ['GPL-2', 'GPL-2.0-only'],
    ['LGPL-2.1+', 'LGPL-2.1-or-later'],
    ['GFDL-NIV-1.3+', 'GFDL-1.3-no-invariants-or-later'],
    ['BSD-3-clause', 'BSD-3-Clause'],
    ['Apache-2.0 and Zlib', 'Apache-2.0 AND Zlib'],
    ['GPL-2+, or Artistic', 'GPL-2.0-or-later OR Artistic-1.0-Perl'],
    ['GPL-2 with Linux-syscall-note exception', 'GPL-2.0-only WITH Linux-syscall-note'],
    ['Perl', '(Artistic-1.0-Perl OR GPL-1.0-or-later)'],
  ])('%s is %s', (debian, spdx) => {
    expect(toSpdxExpression(debian)).toBe(spdx);
    expect(classifyLicense(spdx).kind).not.toBe('name');
  });

  it.each(['public-domain', 'GPL-2+ with OpenSSL exception', 'GPL-2+ and custom', ''])(
    '%s has no identifier',
    (text) => {
      expect(toSpdxExpression(text)).toBeUndefined();
    },
  );
});
