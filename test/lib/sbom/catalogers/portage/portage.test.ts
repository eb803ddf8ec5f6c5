import { expect, it } from 'vitest';
import { portageContentsFile } from '../../../../../lib/sbom/catalogers/portage/parse-portage.ts';
import { packagesOf } from '../packages-of.ts';

it('Portage packages are named by their folder, with the licences beside', async () => {
  const folder = 'var/db/pkg/app-containers/skopeo-1.5.1';
  expect(
    await packagesOf([
      { path: `${folder}/CONTENTS`, content: 'obj /usr/bin/skopeo 376c 1649\n' },
      { path: `${folder}/LICENSE`, content: '|| ( Apache-2.0 BSD ) ssl? ( openssl )\n' },
      { path: 'usr/share/doc/x/LICENSE', content: 'MIT' },
    ]),
  ).toMatchObject([
    {
      type: 'ebuild',
      name: 'app-containers/skopeo',
      version: '1.5.1',
      purl: 'pkg:ebuild/app-containers%2Fskopeo@1.5.1',
      licenses: ['Apache-2.0', 'BSD', 'openssl'],
      locations: [{ path: `${folder}/CONTENTS` }],
    },
  ]);
});

it.each([
  ['dev-libs/openssl-1.1.1q-r2', 'dev-libs/openssl', '1.1.1q-r2'],
  ['media-fonts/font-100dpi-1.0_p2', 'media-fonts/font-100dpi', '1.0_p2'],
  ['sys-apps/a-b-2.0_rc1_p20200101-r10', 'sys-apps/a-b', '2.0_rc1_p20200101-r10'],
])('the folder %s names a package and a version', (folder, name, version) => {
  expect(portageContentsFile.parse(Buffer.alloc(0), `var/db/pkg/${folder}/CONTENTS`)).toEqual({ name, version });
});

it('a folder without a version is told as unreadable', () => {
  expect(() => portageContentsFile.parse(Buffer.alloc(0), 'var/db/pkg/a/b/CONTENTS')).toThrow('does not name');
});
