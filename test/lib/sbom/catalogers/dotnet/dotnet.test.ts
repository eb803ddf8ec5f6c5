import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { depsJsonFile } from '../../../../../lib/sbom/catalogers/dotnet/parse-deps-json.ts';
import { packagesLockFile } from '../../../../../lib/sbom/catalogers/dotnet/parse-packages-lock.ts';
import { packagesOf } from '../packages-of.ts';

const dll = { 'lib/net6.0/A.dll': {} };
const deps = {
  runtimeTarget: { name: '.NETCoreApp,Version=v6.0' },
  targets: {
    '.NETCoreApp,Version=v6.0': {
      'App/1.0.0': { dependencies: { Meta: '1.0.0', Tool: '2.0.0', Sibling: '1.0.0' }, runtime: { 'App.dll': {} } },
      'Meta/1.0.0': { dependencies: { Leaf: '3.0.0' } },
      'Leaf/3.0.0': { runtime: dll },
      'Tool/2.0.0': {},
      'Sibling/1.0.0': { runtime: { 'Sibling.dll': {} } },
    },
  },
  libraries: {
    'App/1.0.0': { type: 'project', sha512: '' },
    'Sibling/1.0.0': { type: 'project', sha512: '' },
    'Meta/1.0.0': { type: 'package', sha512: 'x' },
    'Leaf/3.0.0': { type: 'package', sha512: 'x' },
    'Tool/2.0.0': { type: 'package', sha512: 'x' },
  },
};

const file = (path: string, content: unknown) => ({ path, content: JSON.stringify(content) });

describe('.NET programs', () => {
  it('are what their deps.json lists with files, with what needs that, and no other project', async () => {
    const packages = await packagesOf([file('app/App.deps.json', deps)]);
    expect(packages.map(({ id, dependencies }) => [id, dependencies])).toEqual([
      ['pkg:nuget/App@1.0.0', ['pkg:nuget/Meta@1.0.0']],
      ['pkg:nuget/Leaf@3.0.0', []],
      ['pkg:nuget/Meta@1.0.0', ['pkg:nuget/Leaf@3.0.0']],
    ]);
  });

  it('keep packages without files where a tool merged those into one', async () => {
    const target = { ...deps.targets['.NETCoreApp,Version=v6.0'], 'Costura.Fody/5.0.0': {} };
    const packages = await packagesOf([file('app/App.deps.json', { ...deps, targets: { t: target } })]);
    expect(packages.map(({ name }) => name)).toContain('Tool');
  });

  it('are also what a lock file resolved', async () => {
    const lock = {
      version: 1,
      dependencies: {
        net6: {
          A: { type: 'Direct', requested: '[1.0, )', resolved: '1.2.0', dependencies: { B: '2.0.0' } },
          B: { type: 'Transitive', resolved: '2.1.0' },
          Sibling: { type: 'Project' },
        },
      },
    };
    const packages = await packagesOf([file('src/packages.lock.json', lock)]);
    expect(packages.map(({ id, dependencies }) => [id, dependencies])).toEqual([
      ['pkg:nuget/A@1.2.0', ['pkg:nuget/B@2.1.0']],
      ['pkg:nuget/B@2.1.0', []],
    ]);
  });

  it('do without fields of the wrong sort, and never do worse than throw', () => {
    const kinds = fc.constantFrom(depsJsonFile, packagesLockFile);
    fc.assert(
      fc.property(kinds, fc.json(), (kind, text) => {
        const documents = [
          text,
          `{"targets":{"t":{"A/1":${text}}},"libraries":{"A/1":${text}}}`,
          `{"targets":{"t":${text}},"dependencies":${text}}`,
          `{"dependencies":{"f":{"A":${text},"B":{"resolved":"1","dependencies":${text}}}}}`,
        ];
        for (const document of documents) {
          const parsed = kind.parse(Buffer.from(document), 'a/x.deps.json');
          if (parsed !== undefined) expect(kind.schema().safeParse(parsed).success).toBe(true);
        }
      }),
    );
    expect(() => depsJsonFile.parse(Buffer.from('{'), 'x.deps.json')).toThrow();
  });
});
