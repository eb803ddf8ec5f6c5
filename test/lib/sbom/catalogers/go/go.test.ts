import { describe, expect, it } from 'vitest';
import { parseModuleInfo } from '../../../../../lib/formats/go-buildinfo/index.ts';
import { toGoProgram } from '../../../../../lib/sbom/catalogers/go/parse-build-info.ts';
import { writeElf } from '../../../formats/executable/write-executable.ts';
import { inlineBuildInfo } from '../../../formats/go-buildinfo/write-build-info.ts';
import { packagesOf } from '../packages-of.ts';

const program = (version: string, modules: string): Buffer =>
  writeElf([{ name: '.go.buildinfo', content: inlineBuildInfo(version, modules), writable: true }]);

const read = (modules: string) => toGoProgram({ goVersion: 'go1.22.1 X:boringcrypto', ...parseModuleInfo(modules) });

describe('Go programs', () => {
  it('are their modules and the standard library, whatever their names and modes are', async () => {
    const hey = program('go1.21.0', 'path\te.org/t\nmod\te.org/t/v2\tv2.1.0\th1:x=\ndep\te.org/a\tv0.1.0\n');
    const other = program('go1.22.0', 'path\te.org/o\nmod\te.org/o\tv1.0.0\ndep\te.org/a\tv0.2.0\n');
    const packages = await packagesOf([
      { path: 'usr/bin/hey', content: hey, mode: 0o755 },
      { path: 'opt/data.bin', content: other, mode: 0o644 },
      { path: 'etc/motd', content: 'hello, world' },
    ]);
    expect(packages.map(({ id, version, dependencies }) => [id, version, dependencies])).toEqual([
      ['pkg:golang/e.org/a@v0.1.0', 'v0.1.0', []],
      ['pkg:golang/e.org/a@v0.2.0', 'v0.2.0', []],
      ['pkg:golang/e.org/o@v1.0.0', 'v1.0.0', ['pkg:golang/e.org/a@v0.2.0', 'pkg:golang/stdlib@1.22.0']],
      ['pkg:golang/e.org/t/v2@v2.1.0', 'v2.1.0', ['pkg:golang/e.org/a@v0.1.0', 'pkg:golang/stdlib@1.21.0']],
      ['pkg:golang/stdlib@1.21.0', 'go1.21.0', []],
      ['pkg:golang/stdlib@1.22.0', 'go1.22.0', []],
    ]);
  });

  it('belong to the layer that brought the version of the module', async () => {
    const of = (version: string) => program('go1.21.0', `path\te.org/t\nmod\te.org/t\t${version}\n`);
    const packages = await packagesOf([{ path: 'a', content: of('v1.0.0') }], [{ path: 'a', content: of('v1.1.0') }]);
    expect(packages.map(({ id, layer }) => [id, layer])).toEqual([
      ['pkg:golang/e.org/t@v1.1.0', 1],
      ['pkg:golang/stdlib@1.21.0', 0],
    ]);
  });

  it('are built of what replaced a module, unless that is a folder', () => {
    const { goVersion, deps } = read(
      'path\tm\nmod\tm\tv1.0.0\ndep\ta\tv1.0.0\n=>\tfork/a\tv1.0.1\th1:f=\ndep\tb\tv1.0.0\n=>\t./b\t(devel)\t\n',
    );
    expect(goVersion).toBe('go1.22.1');
    expect(deps).toEqual([
      { path: 'fork/a', version: 'v1.0.1', sum: 'h1:f=' },
      { path: 'b', version: '' },
    ]);
  });

  it.each([
    ['the linker was told', 'build\t-ldflags="-s -w -X main.version=1.2.3 -X \'main.tag=v9.9.9\'"\n', 'v1.2.3'],
    [
      'the linker was told of a package',
      'build\t-ldflags="-X=e.org/m/internal.gitTag=refs/tags/v2.0.0-rc1"\n',
      'v2.0.0-rc1',
    ],
    ['the linker was told of a package of others', 'build\t-ldflags="-X other.org/x.version=1.2.3"\n', ''],
    [
      'the commit is known',
      'build\tvcs.revision=0123456789abcdef\nbuild\tvcs.time=2026-01-02T03:04:05Z\n',
      'v0.0.0-20260102030405-0123456789ab',
    ],
    ['nothing is known', '', ''],
  ])('have a version in development where %s', (_what, settings, version) => {
    expect(read(`path\te.org/m\nmod\te.org/m\t(devel)\n${settings}`).main?.version).toBe(version);
  });

  it('have a main module where only files were built', () => {
    expect(
      read('path\tcommand-line-arguments\nmod\tcommand-line-arguments\t(devel)\ndep\te.org/m\t(devel)\n').main,
    ).toEqual({ path: 'e.org/m', version: '' });
    expect(read('path\tcmd/go\n').main).toEqual({ path: 'cmd/go', version: '' });
    expect(read('').main).toBeUndefined();
  });
});
