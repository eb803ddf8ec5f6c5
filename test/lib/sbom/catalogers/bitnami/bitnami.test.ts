import { expect, it } from 'vitest';
import { packagesOf } from '../packages-of.ts';

const entry = (name: string, version: string, purl: string, license: string) => ({
  name,
  versionInfo: version,
  licenseConcluded: license,
  externalRefs: [
    { referenceCategory: 'SECURITY', referenceType: 'cpe23Type', referenceLocator: `cpe:2.3:*:${name}` },
    { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl },
  ],
});

it('components of Bitnami are told by their documents', async () => {
  const packages = [
    entry('redis', '7.2.4-1', 'pkg:bitnami/redis@7.2.4-1?arch=amd64&distro=debian-12', 'BSD-3-Clause'),
    entry('gosu', '1.17.0-1', 'pkg:bitnami/gosu@1.17.0-1?arch=amd64', 'NOASSERTION'),
    { name: 'opt/bitnami/common/bin/gosu' },
    entry('net', '0.1', 'pkg:golang/golang.org/x/net@0.1', 'BSD'),
  ];
  expect(
    await packagesOf([
      {
        path: 'opt/bitnami/redis/.spdx-redis.spdx',
        content: JSON.stringify({ spdxVersion: 'SPDX-2.3', packages }),
      },
      { path: 'opt/bitnami/.bitnami_components.json', content: '{"yq":{"version":"4.1-5","arch":"amd64"}}' },
      { path: 'srv/.spdx-other.spdx', content: JSON.stringify({ spdxVersion: 'SPDX-2.3', packages }) },
    ]),
  ).toMatchObject([
    { type: 'bitnami', name: 'gosu', version: '1.17.0-1', licenses: [] },
    { name: 'redis', purl: 'pkg:bitnami/redis@7.2.4-1?arch=amd64&distro=debian-12', licenses: ['BSD-3-Clause'] },
    { name: 'yq', version: '4.1-5', purl: 'pkg:bitnami/yq@4.1-5?arch=amd64' },
  ]);
});
