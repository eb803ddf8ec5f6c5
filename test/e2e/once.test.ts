import { mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { makeImage, type SampleImage } from '../interop/registry-fixtures.ts';
import { startProcess } from '../support/start-process.ts';

/** What the stack's registry holds, read from its folder after it ended. */
async function heldBy(dataDir: string) {
  const registry = await startEmbeddedRegistry({ directory: join(dataDir, 'registry', 'eu-central-1') });
  const repositories = registry.store.listRepositories().map(({ name }) => name);
  const held = {
    manifests: repositories.flatMap((name) => registry.store.listManifests(name)).map(({ digest }) => digest),
    tags: repositories.flatMap((name) => registry.store.tags(name)).map(({ tag }) => tag),
  };
  await registry.close();
  return held;
}

describe('one image, taken through every stage', () => {
  let work: string;
  let image: SampleImage;
  let dataDir: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'lading-once-'));
    image = await makeImage(join(work, 'image'));
    dataDir = join(work, 'data');
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  const once = async (source: string, ...more: string[]) => {
    const process = startProcess(dataDir, ['--once', source, ...more]);
    return { code: await process.ended, output: process.output() };
  };

  it('is refused with a sentence when the source does not hold it, and nothing is pushed', async () => {
    const { code, output } = await once(`oci:${image.layout}:absent`);
    expect(code).toBe(2);
    expect(output).toMatch(/error: unknown ref "absent" .*; it holds: v1$/m);
    expect(await heldBy(dataDir)).toEqual({ manifests: [], tags: [] });
  });

  it('is refused when its content is not what it says, and is not there in part', async () => {
    const broken = await makeImage(join(work, 'broken'));
    await cutLargest(join(broken.layout, 'blobs', 'sha256'));
    const { code, output } = await once(`oci:${broken.layout}:v1`);
    expect(code).toBe(2);
    expect(output).toMatch(/error: .*sha256:/);
    expect(await heldBy(dataDir)).toEqual({ manifests: [], tags: [] });
  });

  it('is shown with its verdict, and stays', async () => {
    const { code, output } = await once(`oci:${image.layout}:v1`);
    for (const stage of ['catalogued', 'inventoried', 'scanned', 'gated', 'signed', 'replicated'])
      expect(output).toContain(`✓ ${stage}`);
    expect({ code, allowed: /verdict\s+allow/.test(output) }).toEqual({ code: 0, allowed: true });
    const held = await heldBy(dataDir);
    // The ref of a layout that is a mere name is the repository's.
    expect(held.tags).toEqual(['latest']);
    // The image, its signature, and what is said of it: SBOM, scan and verdict.
    expect(held.manifests).toHaveLength(5);
    expect(held.manifests).toContain(image.digest);
  });

  it('finds a port taken, and says which', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, output } = await once(`oci:${image.layout}:v1`, '--port', String(port));
    server.close();
    expect(code).toBe(2);
    expect(output).toMatch(new RegExp(`error: .*${port}.*`));
    expect(output).toContain('hint: ');
  });

  it('is refused with the usage when it is asked for in the wrong way', async () => {
    const { code, output } = await once(`oci:${image.layout}:v1`, '--twice');
    expect(code).toBe(2);
    expect(output).toContain("error: Unknown option '--twice'");
  });
});

/** A download that broke off: the largest content lacks its second half. */
async function cutLargest(folder: string): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      path: join(folder, name),
      size: (await stat(join(folder, name))).size,
    })),
  );
  const [largest] = files.sort((a, b) => b.size - a.size);
  if (largest) await truncate(largest.path, Math.floor(largest.size / 2));
}
