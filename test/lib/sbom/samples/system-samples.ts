import type { TarEntryInput } from '../../../support/tar-writer.ts';
import {
  berkeleyRpmDatabase,
  type HeaderInput,
  ndbRpmDatabase,
  rpmHeader,
  sqliteRpmDatabase,
} from '../../formats/rpm-database/rpm-builder.ts';
import type { EcosystemSample } from './sample.ts';

const RELEASES: Readonly<Record<string, string>> = {
  alpine: 'ID=alpine\nVERSION_ID=3.20.3\n',
  debian: 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  ubuntu: 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\nVERSION_CODENAME=noble\n',
  rocky: 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n',
  fedora: 'ID=fedora\nVERSION_ID=40\n',
  amzn: 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n',
  photon: 'ID=photon\nVERSION_ID=5.0\n',
  wolfi: 'ID=wolfi\nVERSION_ID="20230201"\n',
  arch: 'ID=arch\nBUILD_ID=rolling\n',
  gentoo: 'ID=gentoo\nVERSION_ID="2.15"\n',
  openwrt: 'ID="openwrt"\nID_LIKE="lede openwrt"\nVERSION_ID="23.05.3"\n',
};
const release = (id: string): TarEntryInput => ({ path: 'etc/os-release', content: RELEASES[id] ?? '' });

const apk = `P:musl
V:1.2.5-r0
A:x86_64
o:musl
L:MIT
m:Timo <t@example.org>
p:so:libc.musl-x86_64.so.1=1

P:libcrypto3
V:3.3.2-r0
A:x86_64
o:openssl
L:Apache-2.0
D:so:libc.musl-x86_64.so.1
F:lib
R:libcrypto.so.3

`;

const dpkg = `Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl
Version: 3.0.15-1~deb12u1
Depends: libc6 (>= 2.34)
Maintainer: Debian OpenSSL Team <p@example.org>

Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u8

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: vim
Status: install ok installed
Architecture: all
Version: 2:9.0.1378-2
`;

const headers: readonly HeaderInput[] = [
  {
    name: 'bash',
    version: '5.1.8',
    release: '9.el9',
    arch: 'x86_64',
    sourceRpm: 'bash-5.1.8-9.el9.src.rpm',
    license: 'GPLv3+',
  },
  {
    name: 'openssl-libs',
    version: '3.0.7',
    release: '27.el9',
    epoch: 1,
    arch: 'x86_64',
    sourceRpm: 'openssl-3.0.7-27.el9.src.rpm',
    requires: ['bash'],
  },
  { name: 'gpg-pubkey', version: '350d275d', release: '6279464b' },
  { name: 'tzdata', version: '2024a', release: '1.el9', arch: 'noarch', sourceRpm: 'tzdata-2024a-1.el9.src.rpm' },
];
const rpms = headers.map(rpmHeader);

const opkg = `Package: busybox
Version: 1.36.1-1
Depends: libc
Status: install user installed
Architecture: x86_64

Package: libc
Version: 1.2.4-4
Status: install hold installed
Architecture: x86_64
`;

/** Package managers of distributions: each with the release that it belongs to. */
export const systemSamples: readonly EcosystemSample[] = [
  { name: 'apk', files: [release('alpine'), { path: 'lib/apk/db/installed', content: apk }] },
  { name: 'apk in usr', files: [release('wolfi'), { path: 'usr/lib/apk/db/installed', content: apk }] },
  {
    name: 'dpkg',
    files: [
      release('debian'),
      { path: 'etc/debian_version', content: '12.7\n' },
      { path: 'var/lib/dpkg/status', content: dpkg },
      { path: 'var/lib/dpkg/info/libc6:amd64.list', content: '/.\n/lib\n/lib/x86_64-linux-gnu/libc.so.6\n' },
      {
        path: 'usr/share/doc/libc6/copyright',
        content:
          'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: LGPL-2.1+\n',
      },
    ],
  },
  {
    name: 'dpkg in pieces',
    files: [
      release('debian'),
      {
        path: 'var/lib/dpkg/status.d/tzdata',
        content: 'Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n',
      },
      {
        path: 'var/lib/dpkg/status.d/libssl3',
        content: 'Package: libssl3\nSource: openssl\nVersion: 3.0.15-1\nArchitecture: amd64\n',
      },
      { path: 'var/lib/dpkg/status.d/libssl3.md5sums', content: `${'0'.repeat(32)}  usr/lib/libssl.so.3\n` },
    ],
  },
  { name: 'dpkg of Ubuntu', files: [release('ubuntu'), { path: 'var/lib/dpkg/status', content: dpkg }] },
  {
    name: 'rpm in SQLite',
    files: [release('rocky'), { path: 'var/lib/rpm/rpmdb.sqlite', content: sqliteRpmDatabase(rpms) }],
  },
  {
    name: 'rpm in usr',
    files: [release('fedora'), { path: 'usr/lib/sysimage/rpm/rpmdb.sqlite', content: sqliteRpmDatabase(rpms) }],
  },
  {
    name: 'rpm in ndb',
    files: [release('amzn'), { path: 'usr/lib/sysimage/rpm/Packages.db', content: ndbRpmDatabase(rpms) }],
  },
  {
    name: 'rpm in Berkeley DB',
    files: [release('photon'), { path: 'var/lib/rpm/Packages', content: berkeleyRpmDatabase(rpms) }],
  },
  {
    name: 'rpm as a manifest',
    files: [
      { path: 'etc/os-release', content: 'ID=mariner\nVERSION_ID="2.0"\n' },
      {
        path: 'var/lib/rpmmanifest/container-manifest-2',
        content:
          'glibc\t2.35-7.cm2\t1720000000\t1710000000\tMicrosoft Corporation\t(none)\t10000\tx86_64\t0\tglibc-2.35-7.cm2.src.rpm\n',
      },
    ],
  },
  {
    name: 'pacman',
    files: [
      release('arch'),
      {
        path: 'var/lib/pacman/local/zlib-1:1.3.1-2/desc',
        content:
          '%NAME%\nzlib\n\n%VERSION%\n1:1.3.1-2\n\n%BASE%\nzlib\n\n%ARCH%\nx86_64\n\n%LICENSE%\nZlib\n\n%DEPENDS%\nglibc\n',
      },
      {
        path: 'var/lib/pacman/local/glibc-2.39-1/desc',
        content: '%NAME%\nglibc\n\n%VERSION%\n2.39-1\n\n%ARCH%\nx86_64\n',
      },
    ],
  },
  {
    name: 'portage',
    files: [
      release('gentoo'),
      { path: 'var/db/pkg/app-shells/bash-5.1_p16-r6/CONTENTS', content: 'dir /bin\n' },
      { path: 'var/db/pkg/app-shells/bash-5.1_p16-r6/LICENSE', content: 'GPL-3+\n' },
      { path: 'var/db/pkg/dev-libs/openssl-3.0.13/CONTENTS', content: 'dir /usr\n' },
    ],
  },
  { name: 'opkg', files: [release('openwrt'), { path: 'usr/lib/opkg/status', content: opkg }] },
  {
    name: 'Nix',
    files: [
      { path: `nix/store/${'h0cnbmfcn93xm5dg2x27ixhag1cwndga'}-glibc-2.34-210-bin/bin/x`, content: '' },
      { path: `nix/store/${'3n58xw4373jp0ljirf06d8077j15pc4j'}-openssl-3.0.13/lib/y`, content: '' },
    ],
  },
  {
    name: 'Guix',
    files: [{ path: `gnu/store/${'3n58xw4373jp0ljirf06d8077j15pc4j'}-hello-2.12.1/bin/hello`, content: '' }],
  },
  {
    name: 'Homebrew',
    files: [
      {
        path: 'home/linuxbrew/.linuxbrew/Cellar/jq/1.7.1/.brew/jq.rb',
        content:
          'class Jq < Formula\n  desc "JSON"\n  homepage "https://example.org"\n  url "https://example.org/jq-1.7.1.tar.gz"\n  license "MIT"\nend\n',
      },
    ],
  },
  {
    name: 'Bitnami',
    files: [
      {
        path: 'opt/bitnami/redis/.spdx-redis.spdx',
        content: JSON.stringify({
          SPDXID: 'SPDXRef-DOCUMENT',
          spdxVersion: 'SPDX-2.3',
          name: 'SPDX document for Redis',
          dataLicense: 'CC0-1.0',
          documentNamespace: 'https://example.org/redis',
          creationInfo: { created: '2024-01-01T00:00:00Z', creators: ['Tool: x'] },
          packages: [
            {
              SPDXID: 'SPDXRef-Package-redis',
              name: 'redis',
              versionInfo: '7.2.4-0',
              downloadLocation: 'NOASSERTION',
              filesAnalyzed: false,
              licenseConcluded: 'BSD-3-Clause',
              licenseDeclared: 'BSD-3-Clause',
              externalRefs: [
                {
                  referenceCategory: 'PACKAGE-MANAGER',
                  referenceType: 'purl',
                  referenceLocator: 'pkg:bitnami/redis@7.2.4-0?arch=amd64&distro=debian-12',
                },
              ],
            },
          ],
          relationships: [
            {
              spdxElementId: 'SPDXRef-DOCUMENT',
              relationshipType: 'DESCRIBES',
              relatedSpdxElement: 'SPDXRef-Package-redis',
            },
          ],
        }),
      },
      {
        path: 'opt/bitnami/.bitnami_components.json',
        content: '{"wait-for-port":{"arch":"amd64","distro":"debian-12","version":"1.0.7-1","type":"NAMI"}}',
      },
    ],
  },
];
