import { describe, expect, it } from 'vitest';
import { parsePlatform } from '../../../lib/cli/source/platform.ts';
import { selectPlatform } from '../../../lib/cli/source/select-platform.ts';
import type { Digest } from '../../../lib/core/digest.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { registryImageSource } from '../../../lib/sbom/adapters/registry-image-source.ts';
import { imageWriter } from './support.ts';

const amd64 = { os: 'linux', architecture: 'amd64' } as const;
const arm64 = { os: 'linux', architecture: 'arm64', variant: 'v8' } as const;

function setUp() {
  const registry = createMemoryRegistry();
  const source = registryImageSource(registry, 'app');
  const writer = imageWriter(registry, 'app');
  const of = (name: string, platform: { os: string; architecture: string; variant?: string }, unnamed = false) =>
    writer.image([{ path: 'name', content: name }], { platform, unnamed });
  const select = (digest: Digest, wish?: string) =>
    selectPlatform(source, digest, wish === undefined ? undefined : parsePlatform(wish), amd64);
  return { ...writer, of, select };
}

describe('the image of a platform', () => {
  it('is what was asked for, else what this machine would run', async () => {
    const { of, index, select } = setUp();
    const [one, two] = [await of('a', amd64), await of('b', arm64)];
    const { digest } = await index([one, two]);
    expect(await select(digest)).toEqual({ digest: one.digest, alternatives: 0 });
    expect(await select(digest, 'linux/arm64')).toEqual({ digest: two.digest, alternatives: 0 });
  });

  it('is an error that names what there is', async () => {
    const { of, index, select } = setUp();
    const { digest } = await index([await of('a', arm64), await of('b', { os: 'windows', architecture: 'amd64' })]);
    const missing = { code: 'platform-unknown', message: expect.stringContaining('linux/arm64/v8, windows/amd64') };
    await expect(select(digest)).rejects.toMatchObject(missing);
    await expect(select(digest, 'linux/s390x')).rejects.toMatchObject(missing);
  });

  it('is found in indexes inside indexes, the first where there are several, the exact variant before another', async () => {
    const { of, index, select } = setUp();
    const v3 = await of('v3', { ...amd64, variant: 'v3' });
    const [first, second] = [await of('a', amd64), await of('b', amd64)];
    const inner = await index([v3, first]);
    const { digest } = await index([inner, await index([second])]);
    expect(await select(digest)).toEqual({ digest: first.digest, alternatives: 1 });
    expect(await select(digest, 'linux/amd64/v3')).toEqual({ digest: v3.digest, alternatives: 0 });
  });

  it('is told by its configuration where the index does not say it', async () => {
    const { of, index, select } = setUp();
    const silent = await of('a', arm64, true);
    const { digest } = await index([silent]);
    expect(await select(digest, 'linux/arm64')).toEqual({ digest: silent.digest, alternatives: 0 });
  });

  it('is never an attestation', async () => {
    const { of, index, select } = setUp();
    const image = await of('a', amd64);
    const attestation = await of('b', { os: 'unknown', architecture: 'unknown' });
    const { digest } = await index([attestation, image]);
    expect(await select(digest)).toEqual({ digest: image.digest, alternatives: 0 });
    const { digest: alone } = await index([attestation]);
    await expect(select(alone)).rejects.toMatchObject({ message: expect.stringContaining('no image that names') });
  });

  it('is an image by itself whatever this machine is, but not another than it says', async () => {
    const { of, select } = setUp();
    const { digest } = await of('a', arm64);
    expect(await select(digest)).toEqual({ digest, alternatives: 0 });
    expect(await select(digest, 'linux/arm64/v8')).toEqual({ digest, alternatives: 0 });
    await expect(select(digest, 'linux/amd64')).rejects.toMatchObject({ code: 'platform-unknown' });
  });
});
