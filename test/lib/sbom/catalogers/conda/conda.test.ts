import { expect, it } from 'vitest';
import { packagesOf } from '../packages-of.ts';

const meta = (name: string, more: object) => ({
  path: `opt/conda/conda-meta/${name}.json`,
  content: JSON.stringify({ name, version: '1.0', build: 'h1_0', subdir: 'linux-64', license: 'MIT', ...more }),
});

it('conda packages have build, channel and platform in their purl', async () => {
  const packages = await packagesOf([
    meta('numpy', {
      channel: 'https://host.example/pkgs/main/linux-64',
      depends: ['python >=3.9,<3.10.0a0', 'absent'],
    }),
    meta('python', { channel: 'conda-forge', depends: 'wrong' }),
    { path: 'opt/conda/conda-meta/history', content: '==> 2026 <==' },
    { path: 'opt/conda/conda-meta/odd.json', content: '{"name":"odd"}' },
  ]);
  expect(packages.map((one) => one.purl)).toEqual([
    'pkg:conda/numpy@1.0?build=h1_0&channel=main&subdir=linux-64',
    'pkg:conda/python@1.0?build=h1_0&channel=conda-forge&subdir=linux-64',
  ]);
  expect(packages[0]).toMatchObject({ type: 'conda', licenses: ['MIT'], dependencies: [packages[1]?.id] });
});
