import { expect, it } from 'vitest';
import { packagesOf } from '../packages-of.ts';

const install = (folder: string, document: object) => ({
  path: `usr/local/lib/perl5/site_perl/5.36/x86_64-linux/.meta/${folder}/install.json`,
  content: JSON.stringify(document),
});

it('distributions of CPAN are told by what its clients keep', async () => {
  expect(
    await packagesOf([
      install('libwww-perl-6.67', {
        name: 'LWP',
        version: '6.67',
        dist: 'libwww-perl-6.67',
        pathname: 'O/OA/OALDERS/libwww-perl-6.67.tar.gz',
      }),
      install('Odd-1.0-TRIAL', { name: 'Odd', version: '1.0-TRIAL', dist: 'Odd-1.0-TRIAL' }),
      install('Other-2', { name: 'Other', version: '9', dist: 'Other-2' }),
      install('none', { name: 'none' }),
    ]),
  ).toMatchObject([
    { type: 'cpan', name: 'Odd', version: '1.0-TRIAL' },
    { name: 'Other', version: '2' },
    { name: 'libwww-perl', version: '6.67', purl: 'pkg:cpan/OALDERS/libwww-perl@6.67' },
  ]);
});
