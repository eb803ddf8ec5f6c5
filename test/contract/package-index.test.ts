import { afterAll, describe, expect, it } from 'vitest';
import { dynamoPackageIndex } from '../../lib/vulnerabilities/adapters/dynamo-package-index.ts';
import { memoryPackageIndex } from '../../lib/vulnerabilities/adapters/memory-package-index.ts';
import type { MatchablePackage, PackageIndex } from '../../lib/vulnerabilities/index.ts';
import { startDynamo } from '../support/dynamo.ts';

const dynamo = await startDynamo('packages');
afterAll(() => dynamo.close());
const makers: [string, () => PackageIndex][] = [
  ['in memory', memoryPackageIndex],
  ['in DynamoDB', () => dynamoPackageIndex(dynamo.table)],
];

const pkg = (name: string, version: string, layer: string): MatchablePackage => ({ type: 'npm', name, version, layer });

async function imagesWith(index: PackageIndex, ecosystem: string, name: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { image, versions } of index.imagesWith(ecosystem, name))
    found.push(`${image} ${versions.join(' ')}`);
  return found.sort();
}

describe.each(makers)('a package index %s', (_name, make) => {
  const index = make();

  it('finds the images of a package, over shared and own layers', async () => {
    const base = [pkg('left', '1.0.0', 'sha256:base'), pkg('right', '1.0.0', 'sha256:base')];
    await index.add('a', base);
    await index.add('b', [...base, pkg('left', '2.0.0', 'sha256:own'), pkg('@scope/x', '1.0.0', 'sha256:own')]);
    expect(await imagesWith(index, 'npm', 'left')).toEqual(['a 1.0.0', 'b 1.0.0', 'b 2.0.0']);
    expect(await imagesWith(index, 'npm', '@scope/x')).toEqual(['b 1.0.0']);
    expect(await imagesWith(index, 'PyPI', 'left')).toEqual([]);
  });

  it('does not lend an image the packages that its upper layers hide', async () => {
    await index.add('whole', [pkg('hidden', '1.0.0', 'sha256:l'), pkg('seen', '1.0.0', 'sha256:l')]);
    await index.add('partial', [pkg('seen', '1.0.0', 'sha256:l')]);
    expect(await imagesWith(index, 'npm', 'hidden')).toEqual(['whole 1.0.0']);
    expect(await imagesWith(index, 'npm', 'seen')).toEqual(['partial 1.0.0', 'whole 1.0.0']);
  });

  it('names several versions in one layer together, and adds nothing twice', async () => {
    const many = [pkg('twice', '1.0.0', 'sha256:m'), pkg('twice', '2.0.0', 'sha256:m')];
    await index.add('c', many);
    await index.add('c', [...many].reverse());
    expect(await imagesWith(index, 'npm', 'twice')).toEqual(['c 1.0.0 2.0.0']);
  });

  it('files distribution packages under their source package', async () => {
    const distro = { id: 'debian', versionId: '12' };
    await index.add('d', [{ type: 'deb', name: 'libssl3', version: '3-1', source: { name: 'openssl' }, distro }]);
    expect(await imagesWith(index, 'Debian:12', 'openssl')).toEqual(['d 3-1']);
    expect(await imagesWith(index, 'Debian:12', 'libssl3')).toEqual([]);
  });

  it('takes any name', async () => {
    const names = ['#', 'a#b', '__proto__', 'ü', 'x'.repeat(3000)];
    await index.add(
      'odd',
      names.map((name) => pkg(name, '1.0.0', 'sha256:odd')),
    );
    for (const name of names) expect(await imagesWith(index, 'npm', name)).toEqual(['odd 1.0.0']);
  });

  it('takes an image without packages', async () => {
    await index.add('empty', []);
  });
});
