import { expect, it } from 'vitest';
import { packagesOf, sbomOf } from '../packages-of.ts';

const desc = (name: string, version: string, more = '') => ({
  path: `var/lib/pacman/local/${name}-${version}/desc`,
  content: `%NAME%\n${name}\n\n%VERSION%\n${version}\n\n%ARCH%\nx86_64\n\n%LICENSE%\nGPL\nMIT\n\n${more}`,
});
const arch = { path: 'etc/os-release', content: 'ID=arch\n' };

it('pacman packages have their base, licences and what they need', async () => {
  const pacman = desc('pacman', '6.0.1-5', '%BASE%\npacman\n\n%DEPENDS%\nlibalpm.so=13-64\nbash>=5\nabsent\n');
  const bash = desc('bash', '1:5.2-1', '%BASE%\nbash-all\n\n%PROVIDES%\nlibalpm.so=13-64\n');
  const packages = await packagesOf([arch, pacman, bash]);
  expect(packages).toMatchObject([
    {
      type: 'alpm',
      name: 'bash',
      version: '1:5.2-1',
      purl: 'pkg:alpm/arch/bash@1%3A5.2-1?arch=x86_64&distro=arch&upstream=bash-all',
      source: { name: 'bash-all' },
      licenses: ['GPL', 'MIT'],
    },
    { purl: 'pkg:alpm/arch/pacman@6.0.1-5?arch=x86_64&distro=arch&upstream=pacman', dependencies: [packages[0]?.id] },
  ]);
  expect((await packagesOf([desc('a', '1')]))[0]).not.toHaveProperty('purl');
});

it('a pacman entry that cannot be read is a gap', async () => {
  const broken = { path: 'var/lib/pacman/local/a-1/desc', content: '%NAME%\na\n' };
  expect((await sbomOf([arch, broken])).outcome).toBe('unreadable');
});
