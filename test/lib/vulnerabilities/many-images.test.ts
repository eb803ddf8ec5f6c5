import { describe, expect, it } from 'vitest';
import { touchedImages } from '../../../lib/vulnerabilities/index.ts';
import { manyImages, packageName, touchedByOracle } from '../../support/many-images.ts';
import { affects, recordSource, world } from './support.ts';

describe('an advisory against many images', () => {
  it('planted, changed and withdrawn touches what brute force says, and reads no layer', async () => {
    const many = await manyImages(400);
    const { advisories, sync } = world();
    const touched = async (): Promise<string[]> => {
      const current = await advisories.currentSnapshot();
      if (!current) throw new Error('no snapshot');
      const images: string[] = [];
      // There is nothing among its ports by which a layer or an SBOM could be read.
      const ports = { advisories, index: many.index, scans: { all: async function* () {} }, progress: advisories };
      for await (const image of touchedImages(ports, current)) images.push(image);
      await advisories.markRematched({ id: current.snapshot.id, sequence: current.sequence });
      return images.sort();
    };
    const standing = affects('X-0', 'npm', 'nobody-has-it', '0');
    await sync([recordSource([standing])]);
    await touched();
    for (const name of [packageName(7), packageName(123), packageName(4999), 'package-none']) {
      let before: string | undefined;
      for (const [fixed, more] of [
        ['2.5.0', {}],
        ['1.2.3', {}],
        [undefined, { withdrawn: '2026-01-02T00:00:00Z' }],
      ] as const) {
        await sync([recordSource([standing, affects('X-1', 'npm', name, `0..${fixed ?? '1.2.3'}`, more)])]);
        expect(await touched(), `${name} ${fixed}`).toEqual(touchedByOracle(many, name, before, fixed));
        before = fixed;
      }
      await sync([recordSource([standing])]);
      await touched();
    }
  });
});
