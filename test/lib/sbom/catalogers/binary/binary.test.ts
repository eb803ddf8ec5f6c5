import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClassification } from '../../../../../lib/sbom/catalogers/binary/classify-binary.ts';
import type { TarEntryInput } from '../../../../support/tar-writer.ts';
import { writeElf } from '../../../formats/executable/write-executable.ts';
import { writeVersionedPe } from '../../../formats/executable/write-version-resource.ts';
import { apkDatabase, dpkgStatus, osRelease } from '../../image-builder.ts';
import { packagesOf, sbomOf } from '../packages-of.ts';

const program = (text: string): Buffer => writeElf([{ name: '.rodata', content: Buffer.from(text, 'latin1') }]);
const BUSYBOX = program('\0BusyBox v1.38.0 (2026-01-02 03:04:05 UTC)\0');

function identify(path: string, text: string): string[] {
  const classification = createClassification(path);
  classification.look(Buffer.from(text, 'latin1'));
  return classification.identified().map(({ purl, version }) => `${purl}@${version}`);
}

describe('well-known programs', () => {
  it.each([
    ['usr/local/bin/node', 'x\0node.js/v22.9.0\0', 'pkg:generic/node@22.9.0'],
    ['usr/local/bin/python3.11', '\x003.11.2\0', 'pkg:generic/python@3.11.2'],
    ['usr/local/lib/libpython3.12.so.1.0', '\x003.12.0rc1\0', 'pkg:generic/python@3.12.0rc1'],
    ['usr/local/bin/ruby', 'ruby 3.2.1 (2023-02-08 revision 31819e82c8)', 'pkg:generic/ruby@3.2.1'],
    ['usr/local/bin/php', 'X-Powered-By: PHP/8.2.1', 'pkg:generic/php-cli@8.2.1'],
    [
      'usr/lib/erlang/erts-13.1.5/bin/beam.smp',
      'Erlang/OTP 25%s [erts-13.1.5] [source]\0\x0025.2.3\0',
      'pkg:generic/erlang@25.2.3',
    ],
    ['opt/lib/libkrb5.so.3.3', 'KRB5_BRAND: krb5-1.20.1-final 1.20.1 20221111\0', 'pkg:generic/krb5@1.20.1'],
    ['opt/lib/libkrb5.so.26', '$Version: Heimdal 7.8.0 \0', 'pkg:generic/heimdal-krb5@7.8.0'],
    ['usr/local/bin/perl', '/usr/local/lib/perl5/5.37.8/x86_64-linux-gnu', 'pkg:generic/perl@5.37.8'],
    ['opt/java/bin/java', '\0openjdk\0java\x000.0\x0011.0.17+8-LTS\0', 'pkg:generic/oracle/openjdk@11.0.17%2B8-LTS'],
    ['opt/java/bin/java', 'openjdk\0java\x001.8\x001.8.0_352-b08\0', 'pkg:generic/oracle/openjdk@1.8.0_352-b08'],
    ['usr/sbin/nginx', '\0nginx version: nginx/1.25.1\0', 'pkg:generic/nginx@1.25.1'],
    ['usr/local/apache2/bin/httpd', 'Apache/2.4.54', 'pkg:generic/httpd@2.4.54'],
    ['usr/local/bin/redis-server', '\0x4.0.11841ce7054bd9-1542359302000000000', 'pkg:generic/redis@4.0.11'],
    ['usr/local/bin/redis-server', '\x007.0.14buildkitsandbox-1702957741000000000', 'pkg:generic/redis@7.0.14'],
    ['usr/lib/postgresql/15/bin/postgres', '\0PostgreSQL 15.1 on x', 'pkg:generic/postgresql@15.1'],
    ['usr/bin/mysql', 'shutdown\x008.0.37\0\0\0mysql_real_esc', 'pkg:generic/mysql@8.0.37'],
    ['usr/bin/mariadb', 'x 10.6.15-MariaDB y', 'pkg:generic/mariadb@10.6.15'],
    ['usr/local/sbin/haproxy', 'version 2.7.3, released 2023', 'pkg:generic/haproxy@2.7.3'],
    ['usr/local/bin/traefik', 'abc\xff2.9.6\0', 'pkg:generic/traefik@2.9.6'],
    ['bin/consul', 'CONSUL_VERSION: 1.15.2', 'pkg:golang/github.com/hashicorp/consul@1.15.2'],
    ['bin/vault', 'revoke1.18.0', 'pkg:golang/github.com/hashicorp/vault@1.18.0'],
    ['usr/local/bin/openssl', '\0OpenSSL 3.1.4 24 Oct', 'pkg:generic/openssl@3.1.4'],
    ['lib/libc.so.6', 'GNU C Library (GNU libc) stable release version 2.36.\n', 'pkg:generic/glibc@2.36'],
    ['opt/curl', 'curl/8.5.0', 'pkg:generic/curl@8.5.0'],
    ['opt/bash', '@(#)Bash version 5.2.15(1) release GNU', 'pkg:generic/bash@5.2.15'],
    ['usr/local/go/bin/go', 'go1.21.0\0', 'pkg:generic/go@1.21.0'],
  ])('%s: %j', async (path, text, purl) => {
    const packages = await packagesOf([{ path, content: program(text) }]);
    expect(packages.map(({ id }) => id)).toEqual([purl]);
  });

  it('are told apart from others of the name, and from other files', () => {
    expect(identify('bin/busybox', 'not what it seems')).toEqual([]);
    expect(identify('bin/toybox', 'BusyBox v1.38.0')).toEqual([]);
    expect(identify('bin/gzip', '\x001.12\0')).toEqual([]);
    expect(identify('bin/gzip', '\x001.12\0 %s: %s: not in gzip format')).toEqual(['pkg:generic/gzip@1.12']);
  });

  it('are found under hard links, as the applets of BusyBox are', async () => {
    const packages = await packagesOf([
      { path: 'bin/[', content: BUSYBOX, mode: 0o755 },
      { path: 'bin/busybox', type: 'hardlink', linkname: 'bin/[' },
      { path: 'bin/node', type: 'hardlink', linkname: 'bin/[' },
    ]);
    expect(packages.map(({ id, locations }) => [id, locations.map(({ path }) => path)])).toEqual([
      ['pkg:generic/busybox@1.38.0', ['bin/busybox']],
    ]);
  });

  it('of a package of the distribution are the package', async () => {
    const busybox = { path: 'bin/busybox', content: BUSYBOX };
    const database = apkDatabase(['busybox', '1.38.0-r0']);
    const owning = { ...database, content: `${String(database.content).trimEnd()}\nF:bin\nR:busybox\nZ:Q1=\n\n` };
    const ids = async (...files: readonly TarEntryInput[]) =>
      (await packagesOf(files)).map(({ type, name }) => `${type} ${name}`);
    expect(await ids(osRelease('alpine', '3.18'), owning, busybox)).toEqual(['apk busybox']);
    expect(await ids(osRelease('alpine', '3.18'), database, busybox)).toEqual(['apk busybox', 'generic busybox']);
    const debian = [
      osRelease('debian', '12'),
      dpkgStatus(['busybox', '1:1.38']),
      { ...busybox, path: 'usr/bin/busybox' },
    ];
    const list = { path: 'var/lib/dpkg/info/busybox.list', content: '/.\n/bin\n/bin/busybox\n' };
    expect(await ids(...debian, list)).toEqual(['deb busybox']);
    const local = { ...busybox, path: 'usr/local/bin/busybox' };
    expect(await ids(...debian, list, local)).toEqual(['deb busybox', 'generic busybox']);
    const sums = { path: 'var/lib/dpkg/status.d/busybox.md5sums', content: `${'0'.repeat(32)}  usr/bin/busybox\n` };
    expect(await ids(...debian, sums)).toEqual(['deb busybox']);
  });

  it('leave a gap where they are links to a file of a lower layer, which was not read', async () => {
    const sbom = await sbomOf(
      [{ path: 'bin/tool', content: 'a script, and no program' }],
      [{ path: 'bin/node', type: 'hardlink', linkname: 'bin/tool' }],
    );
    expect(sbom.packages).toEqual([]);
    expect(sbom.outcome).toBe('unreadable');
  });

  it('are searched in bounded time, and give texts of versions only', () => {
    const names = fc.constantFrom('busybox', 'node', 'java', 'mysql', 'traefik', 'python3.1', 'redis-server', 'jq');
    const parts = fc.constantFrom(
      '\0',
      '1.',
      '9',
      'mysql',
      '-MariaDB',
      '000000000',
      '\0openjdk\0java\0',
      'BusyBox v1',
      '\xff',
    );
    fc.assert(
      fc.property(names, fc.array(parts, { maxLength: 60 }), (name, texts) => {
        for (const one of identify(name, texts.join(''))) expect(one).toMatch(/^pkg:[a-z]+\/.+@\d[^\0]*$/);
      }),
    );
    expect(identify('busybox', 'BusyBox'.repeat(300_000))).toEqual([]);
    expect(identify('mysql', '\0'.repeat(4_000_000))).toEqual([]);
  });
});

describe('programs for Windows', () => {
  const named = async (path: string, texts: Readonly<Record<string, string>>, managed = false) =>
    (await packagesOf([{ path, content: writeVersionedPe(texts, { managed }) }])).map(
      ({ type, name, version, purl }) => `${type} ${name} ${version} ${purl ?? ''}`,
    );

  it('are named by their version resource, else by their file', async () => {
    const launcher = { ProductName: 'Simple\u00a0 Launcher ', ProductVersion: '1.1.0.14 release', FileVersion: '2' };
    expect(await named('site-packages/distlib/t32.exe', launcher)).toEqual(['generic Simple Launcher 1.1.0.14 ']);
    expect(await named('a/cli-64.exe', {})).toEqual(['generic cli-64  ']);
    expect(await named('a/x.dll', { ProductName: 'Microsoft® Windows®', FileDescription: 'C Runtime' })).toEqual([
      'generic C Runtime  ',
    ]);
  });

  it('are told by others where they are for .NET, and by nobody under another name', async () => {
    expect(await named('a/x.dll', { ProductName: 'A' }, true)).toEqual([]);
    expect(await named('a/x.bin', { ProductName: 'A' })).toEqual([]);
  });
});
