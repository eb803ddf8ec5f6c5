import { expect, it } from 'vitest';
import { parseReference } from '../../../../../lib/sbom/catalogers/conan/parse-conaninfo.ts';
import { packagesOf } from '../packages-of.ts';

it('Conan packages are named by their folder, and name what went into them', async () => {
  const content =
    '[settings]\n  os=Linux\n\n[full_requires]\n  zlib/1.2.11:abc\n  mine/2@me/stable#r1\n\n[options]\n  a/1\n';
  const packages = await packagesOf([
    { path: 'root/.conan/data/openssl/1.1.1q/_/_/package/9f2/conaninfo.txt', content },
  ]);
  expect(packages.map((one) => one.purl)).toEqual([
    'pkg:conan/me/mine@2?channel=stable',
    'pkg:conan/openssl@1.1.1q',
    'pkg:conan/zlib@1.2.11',
  ]);
  expect(parseReference('zlib')).toBeUndefined();
  expect(parseReference('a/b/c')).toBeUndefined();
});
