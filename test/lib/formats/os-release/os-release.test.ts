import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseOsRelease } from '../../../../lib/formats/os-release/index.ts';

describe('os-release', () => {
  it('is read with its quotes, escapes and comments, the last assignment counting', () => {
    const text = `
# a comment
ID=first
ID=debian
ID_LIKE="rhel  fedora"
VERSION_ID='12'
PRETTY_NAME="Debian \\"Bookworm\\" \\$1 \\\\"
VERSION_CODENAME=bookworm\r
SUPPORT_END=2028-06-30
CPE_NAME="cpe:/o:x:y:1"
NAME=
 no assignment
=nothing
BUILD_ID=${'x'.repeat(300)}
`;
    expect(parseOsRelease(text)).toEqual({
      id: 'debian',
      idLike: ['rhel', 'fedora'],
      versionId: '12',
      prettyName: 'Debian "Bookworm" $1 \\',
      versionCodename: 'bookworm',
      supportEnd: '2028-06-30',
      cpeName: 'cpe:/o:x:y:1',
    });
    expect(parseOsRelease('ID="')).toEqual({});
    expect(parseOsRelease('ID="open')).toEqual({ id: 'open' });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseOsRelease(`ID=${text}`)));
  });
});
