import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EmbeddedRegistry, startEmbeddedRegistry } from '../../../infra/local/registry/index.ts';
import { localRegistry } from '../../../infra/local/sample/push-sample.ts';
import { runPull } from '../../../lib/cli/run-push.ts';
import { parseManifest } from '../../../lib/formats/oci/index.ts';
import { openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { collectContent } from '../../../lib/registry/index.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { buildImage, osRelease } from '../sbom/image-builder.ts';

describe('lading pull', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lading-pull-'));
  let registry: EmbeddedRegistry;
  beforeAll(async () => {
    registry = await startEmbeddedRegistry({ directory: join(folder, 'registry') });
  });
  afterAll(async () => {
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('makes a layout that holds the image, byte for byte, under its tag or the one given', async () => {
    const client = localRegistry(registry.url);
    const digest = await pushBuilt(client, 'app', buildImage([[osRelease('alpine', '3.10.2')]]), 'v1');
    const from = `localhost:${registry.port}/app:v1`;
    const directory = join(folder, 'layout');
    await runPull(from, directory, { output: 'json' });
    await runPull(from, `oci:${directory}:other`, { output: 'json' });
    const layout = await openOciLayout({ directory });
    const found = await layout.getManifest({ repository: 'layout', reference: digest });
    const original = await client.getManifest({ repository: 'app', reference: digest });
    expect(found?.bytes).toEqual(original?.bytes);
    const tags = [];
    for await (const tag of layout.listTags('layout')) tags.push(tag);
    expect(tags.sort()).toEqual(['other', 'v1']);
    const manifest = parseManifest(found?.bytes ?? new Uint8Array(), found?.mediaType);
    for (const blob of 'layers' in manifest ? manifest.layers : []) {
      const content = await collectContent(layout.openBlob({ repository: 'layout', ...blob }), blob.size);
      expect(content.length).toBe(blob.size);
    }
  });

  it('writes into no folder that holds something else', async () => {
    const other = mkdtempSync(join(folder, 'other-'));
    writeFileSync(join(other, 'mine.txt'), 'mine');
    await expect(runPull(`localhost:${registry.port}/app:v1`, other, { output: 'json' })).rejects.toMatchObject({
      code: 'source-invalid',
    });
  });
});
