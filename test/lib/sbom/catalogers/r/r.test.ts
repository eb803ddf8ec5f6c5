import { expect, it } from 'vitest';
import { rDescriptionFile } from '../../../../../lib/sbom/catalogers/r/parse-description.ts';
import { packagesOf } from '../packages-of.ts';

const description = (name: string, more: string) => ({
  path: `usr/lib/R/library/${name}/DESCRIPTION`,
  content: `Package: ${name}\nVersion: 4.3.0\nMaintainer: R Core Team <r@host.example>\n${more}`,
});

it('R packages are told by their description', async () => {
  const packages = await packagesOf([
    description('dplyr', 'Depends: R (>= 3.5.0)\nImports: rlang\n    (>= 1), utils\nLicense: MIT + file LICENSE\n'),
    description('rlang', 'License: GPL-2 | GPL-3 | file LICENCE\n'),
  ]);
  expect(packages).toMatchObject([
    {
      type: 'cran',
      name: 'dplyr',
      version: '4.3.0',
      purl: 'pkg:cran/dplyr@4.3.0',
      licenses: ['MIT'],
      dependencies: ['pkg:cran/rlang@4.3.0'],
      supplier: 'R Core Team <r@host.example>',
    },
    { name: 'rlang', licenses: ['GPL-2', 'GPL-3'] },
  ]);
});

it('other files of the name are none', () => {
  const parse = (text: string) => rDescriptionFile.parse(Buffer.from(text), '');
  expect(parse('Name: statistics\nVersion: 1.4\n')).toBeUndefined();
  expect(parse('A text about: Package: x')).toBeUndefined();
  expect(parse('')).toBeUndefined();
});
