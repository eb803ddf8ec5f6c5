import { describe, expect, it } from 'vitest';
import { writeElf } from '../../../formats/executable/write-executable.ts';
import { dpkgStatus, osRelease } from '../../image-builder.ts';
import { packagesOf } from '../packages-of.ts';

const java = writeElf([
  { name: '.rodata', content: Buffer.from('\0openjdk\0java\x000.0\x0021.0.4+7-LTS\0', 'latin1') },
]);
const release = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const temurin = release(
  'IMPLEMENTOR="Eclipse Adoptium"',
  'JAVA_RUNTIME_VERSION="21.0.4+7-LTS"',
  'JAVA_VERSION="21.0.4"',
  'SOURCE_REPO="https://example.org/jdk21u.git"',
);
const listed = (packages: Awaited<ReturnType<typeof packagesOf>>) => packages.map(({ purl }) => purl);

describe('Java runtimes', () => {
  it('are known by their file "release", with the program that starts them', async () => {
    const packages = await packagesOf([
      { path: 'opt/java/release', content: temurin },
      { path: 'opt/java/bin/java', content: java },
      { path: 'opt/zulu/release', content: release('IMPLEMENTOR="Azul Systems, Inc."', 'JAVA_VERSION="17.0.1"') },
      { path: 'other/release', content: 'NAME=x\n' },
    ]);
    expect(listed(packages)).toEqual([
      'pkg:generic/azul/zulu@17.0.1',
      'pkg:generic/oracle/openjdk@21.0.4%2B7-LTS?repository_url=https%3A%2F%2Fexample.org%2Fjdk21u.git',
    ]);
    expect(packages[1]).toMatchObject({ name: 'openjdk', supplier: 'Eclipse Adoptium' });
  });

  it('are those of the distribution where a package owns them', async () => {
    const packages = await packagesOf([
      osRelease('debian', '12'),
      dpkgStatus(['openjdk-17-jre-headless', '17.0.1-1']),
      {
        path: 'var/lib/dpkg/info/openjdk-17-jre-headless.list',
        content: '/usr/lib/jvm/java-17/release\n/usr/lib/jvm/java-17/bin/java\n',
      },
      { path: 'usr/lib/jvm/java-17/release', content: temurin },
      { path: 'usr/lib/jvm/java-17/bin/java', content: java },
    ]);
    expect(packages.map(({ type, name }) => `${type} ${name}`)).toEqual(['deb openjdk-17-jre-headless']);
  });
});
