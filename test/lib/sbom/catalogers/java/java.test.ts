import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseArchiveName } from '../../../../../lib/sbom/catalogers/java/archive-name.ts';
import { javaArchiveFile } from '../../../../../lib/sbom/catalogers/java/parse-archive.ts';
import { parseManifest } from '../../../../../lib/sbom/catalogers/java/parse-manifest.ts';
import { parsePomProperties } from '../../../../../lib/sbom/catalogers/java/parse-pom-properties.ts';
import { type Written, writeZip } from '../../../formats/zip/write-zip.ts';
import { packagesOf, sbomOf } from '../packages-of.ts';

const manifest = (...lines: string[]): Written => ({
  name: 'META-INF/MANIFEST.MF',
  content: Buffer.from(['Manifest-Version: 1.0', ...lines, ''].join('\r\n')),
});
const pom = (group: string, artifact: string, version: string): Written => ({
  name: `META-INF/maven/${group}/${artifact}/pom.properties`,
  content: Buffer.from(`#Created by Maven\nversion=${version}\ngroupId=${group}\nartifactId=${artifact}\n`),
});
const nested = (name: string, content: Buffer, stored = false): Written => ({ name, content, stored });
const jar = (...files: Written[]): Buffer => writeZip(files);
const ids = async (path: string, content: Buffer): Promise<string[]> =>
  (await packagesOf([{ path, content }])).map(({ id }) => id);

describe('Java archives', () => {
  it('are named by the Maven coordinates in them, with the SHA-1 that repositories list', async () => {
    const archive = jar(manifest(), pom('org.e', 'tool', '1.2.3'));
    const [found, ...others] = await packagesOf([{ path: 'app/tool-1.2.3.jar', content: archive }]);
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      id: 'pkg:maven/org.e/tool@1.2.3',
      name: 'tool',
      hashes: [{ algorithm: 'SHA-1', value: createHash('sha1').update(archive).digest('hex') }],
    });
  });

  it('hold others: libraries of Spring Boot, applications in applications', async () => {
    const library = jar(manifest('Bundle-License: Apache-2.0'), pom('org.e', 'lib', '2.0'));
    const boot = jar(manifest(), pom('org.e', 'boot', '1.0'), nested('BOOT-INF/lib/lib-2.0.jar', library, true));
    const war = jar(manifest(), nested('WEB-INF/lib/lib-2.0.jar', library));
    const packages = await packagesOf([
      { path: 'app/boot-1.0.jar', content: boot },
      { path: 'srv/all.ear', content: jar(manifest(), nested('web.war', war)) },
    ]);
    expect(packages.map(({ id, dependencies, licenses }) => [id, dependencies, licenses])).toEqual([
      ['pkg:maven/all/all', ['pkg:maven/web/web'], []],
      ['pkg:maven/org.e/boot@1.0', ['pkg:maven/org.e/lib@2.0'], []],
      ['pkg:maven/org.e/lib@2.0', [], ['Apache-2.0']],
      ['pkg:maven/web/web', ['pkg:maven/org.e/lib@2.0'], []],
    ]);
    expect(packages[2]?.locations.map(({ path }) => path)).toEqual([
      'app/boot-1.0.jar:BOOT-INF/lib/lib-2.0.jar',
      'srv/all.ear:web.war:WEB-INF/lib/lib-2.0.jar',
    ]);
  });

  it('were merged from others, which have coordinates of their own', async () => {
    const shaded = jar(
      manifest(),
      pom('com.x', 'inner', '3.0'),
      pom('org.e', 'fat', '0.9'),
      pom('org.e', 'fat-api', '0.8'),
    );
    expect(await ids('fat-0.9.jar', shaded)).toEqual([
      'pkg:maven/com.x/inner@3.0',
      'pkg:maven/org.e/fat-api@0.8',
      'pkg:maven/org.e/fat@0.9',
    ]);
  });

  it.each([
    [
      'spring-beans-5.3.7.jar',
      ['Implementation-Title: spring-beans'],
      'pkg:maven/org.springframework/spring-beans@5.3.7',
    ],
    ['a-1.0.jar', ['Implementation-Vendor-Id: org.e'], 'pkg:maven/org.e/a@1.0'],
    ['a.jar', ['Bundle-SymbolicName: org.e.a;singleton:=true', 'Bundle-Version: 2.0'], 'pkg:maven/org.e.a/a@2.0'],
    ['a.jar', ['Main-Class: org.e.Main', 'Implementation-Version: 4'], 'pkg:maven/org.e.Main/a@4'],
    ['org.e.tool_1.0.jar', [], 'pkg:maven/tool/tool@1.0'],
    [
      'x.jar',
      ['Created-By: Apache Maven Bundle Plugin', 'Bundle-SymbolicName: org.e.tool', 'Bundle-Version: 3'],
      'pkg:maven/org.e.tool/tool@3',
    ],
    ['unknown.jar', [], 'pkg:maven/unknown/unknown'],
  ])('are named by manifest and file name: %s %j', async (path, lines, id) => {
    expect(await ids(path, jar(manifest(...lines)))).toEqual([id]);
  });

  it('are passed over where they are something else', async () => {
    expect(await ids('a.rar', Buffer.from('Rar!\x1a\x07\x00 and so on'))).toEqual([]);
    expect(await ids('a.jar', jar(manifest('Weave-Classes: true'), pom('o', 'a', '1')))).toEqual([]);
    expect(await ids('a.jar', jar({ name: 'A.class', content: Buffer.from('x') }))).toEqual([]);
    expect(await ids('a.jar', jar(pom('o', 'a', '1')))).toEqual(['pkg:maven/o/a@1']);
  });

  it('may have a script before them', async () => {
    const script = Buffer.from('#!/bin/sh\nexec java -jar "$0"\n');
    const archive = jar(manifest(), pom('o', 'a', '1'));
    const end = archive.length - 22;
    archive.writeUInt32LE(end - archive.readUInt32LE(end + 16), end + 12);
    expect(await ids('a-1.jar', Buffer.concat([script, archive]))).toEqual(['pkg:maven/o/a@1']);
  });

  it('that cannot be read whole leave a gap beside what was read', async () => {
    const lie = nested('lib/b.jar', jar(pom('o', 'b', '1')));
    const sbom = await sbomOf([
      { path: 'a-1.jar', content: jar(manifest(), pom('o', 'a', '1'), { ...lie, claimed: { crc: 7 } }) },
      { path: 'cut-1.jar', content: jar(manifest()).subarray(0, 60) },
    ]);
    expect(sbom.outcome).toBe('unreadable');
    expect(sbom.gaps.map(({ code, path }) => [code, path])).toEqual([
      ['java-archive-unreadable', 'a-1.jar'],
      ['java-archive-unreadable', 'cut-1.jar'],
    ]);
    expect(sbom.packages.map(({ id }) => id)).toEqual(['pkg:maven/o/a@1']);
  });

  it('that nest or unpack without end are over a cap', async () => {
    let content = jar(manifest());
    for (let i = 0; i < 12; i++) content = jar(nested(`${i}.jar`, content));
    const bomb = jar({ ...nested('b.jar', Buffer.from('x')), claimed: { size: 4_000_000_000 } });
    const sbom = await sbomOf([
      { path: 'deep.jar', content },
      { path: 'bomb.jar', content: bomb },
    ]);
    expect(sbom.outcome).toBe('limit-exceeded');
    expect(sbom.gaps.map(({ code }) => code)).toEqual(['java-archive-depth', 'zip-entry-bytes']);
  });

  it('end in a list, a gap or nothing whatever was damaged', () => {
    const whole = jar(
      manifest('Bundle-Version: 1'),
      pom('o', 'a', '1'),
      nested('b.jar', jar(manifest(), pom('o', 'b', '1')), true),
    );
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        const parsed = javaArchiveFile.parse(bytes.subarray(0, length), 'x.jar');
        if (parsed !== undefined) expect(javaArchiveFile.schema().safeParse(parsed).success).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('names and manifests', () => {
  it.each([
    ['lib/log4j-core-2.14.1.jar', 'log4j-core', '2.14.1'],
    ['my-http2-server-5.jar', 'my-http2-server', '5'],
    ['htrace-core4-4.1.0-incubating.jar', 'htrace-core4', '4.1.0-incubating'],
    ['jetpack-build235-rc5.jar', 'jetpack', 'build235-rc5'],
    ['guava_31.1.jar', 'guava', '31.1'],
    ['legacy.ear', 'legacy', ''],
    ['.jar', '', ''],
  ])('parses %s', (path, name, version) => {
    expect(parseArchiveName(path)).toEqual({ name, version });
  });

  it('joins lines that were broken, and keeps sections apart', () => {
    const [main, section, ...others] = parseManifest('A: one\r\n  two\r\nbroken\r\n\r\nName: x\nA: y\n');
    expect(main?.get('a')).toBe('one two');
    expect(section?.get('a')).toBe('y');
    expect(others).toEqual([]);
  });

  it('believes no coordinates that were never filled in', () => {
    expect(parsePomProperties(`groupId=a\nartifactId=b\nversion=\${project.version}\n`)).toBeUndefined();
    expect(parsePomProperties('artifactId: b\nversion : 1\n')).toEqual({ group: '', artifact: 'b', version: '1' });
    fc.assert(
      fc.property(
        fc.string(),
        (text) => parsePomProperties(text)?.version !== '' && Array.isArray(parseManifest(text)),
      ),
    );
  });
});
