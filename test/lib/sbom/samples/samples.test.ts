import { describe, expect, it } from 'vitest';
import { fileKinds, folderKinds, matchKind } from '../../../../lib/sbom/catalogers/index.ts';
import { sbomOf } from '../catalogers/packages-of.ts';
import { ecosystemSamples } from './index.ts';

describe('samples of ecosystems', () => {
  it('have a file of every kind that is looked for', async () => {
    const files = ecosystemSamples.flatMap((sample) => sample.files);
    const seen = new Set<string>();
    for (const { path, content } of files) {
      const slash = path.lastIndexOf('/');
      const head = Buffer.from(content ?? '');
      const [folder, name] = [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
      const kind = matchKind(folder, name) ?? fileKinds.find((one) => one.match.begins?.(head.subarray(0, 8)));
      if (kind?.parse(head, path) !== undefined) seen.add(kind.id);
      for (const one of folderKinds) if (`/${path}`.includes(`/${one.below}/`)) seen.add(one.id);
    }
    const all = [...fileKinds, ...folderKinds].map(({ id }) => id);
    expect(all.filter((id) => !seen.has(id))).toEqual([]);
  });

  it.each(ecosystemSamples)('$name: are read whole', async ({ name, files }) => {
    const sbom = await sbomOf(files);
    expect(sbom.gaps).toEqual([]);
    if (name !== 'lock files') expect(sbom.packages.length).toBeGreaterThan(0);
  });
});
