import { expect, it } from 'vitest';
import { matchKind } from '../../../../../lib/sbom/catalogers/index.ts';
import { osRelease } from '../../image-builder.ts';
import { packagesOf } from '../packages-of.ts';

it('opkg packages are told by either of its files, once', async () => {
  const libc = 'Package: libc\nVersion: 1.2.4-4\nArchitecture: x86_64\nStatus: install user installed\n';
  const busybox = 'Package: busybox\nVersion: 1.36.1-1\nDepends: libc\nArchitecture: x86_64\nSource: package/busybox\n';
  const packages = await packagesOf([
    osRelease('openwrt', '23.05'),
    { path: 'usr/lib/opkg/status', content: `${libc}\n${busybox}` },
    { path: 'usr/lib/opkg/info/libc.control', content: libc },
  ]);
  expect(packages).toMatchObject([
    { type: 'opkg', name: 'busybox', version: '1.36.1-1', dependencies: [packages[1]?.id] },
    { name: 'libc', distro: { id: 'openwrt', versionId: '23.05' } },
  ]);
  expect(packages[1]?.locations).toHaveLength(2);
  expect(packages[0]).not.toHaveProperty('purl');
  expect(matchKind('var/lib/dpkg', 'status')?.id).toBe('dpkg-status');
});
