import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { canonicalJson } from '../../../lib/core/json.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import type { DocumentStore } from '../../../lib/documents/index.ts';
import { documentInventoryStore } from '../../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore, loadSbom } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { memoryInventoryStore, memorySbomStore } from '../../../lib/sbom/adapters/memory.ts';
import {
  buildSbom,
  fileKinds,
  inventoryImage,
  type LayerInventoryStore,
  type SbomStore,
} from '../../../lib/sbom/index.ts';
import { apkDatabase, buildImage, osRelease, sourceOf } from './image-builder.ts';

const image = buildImage([
  [osRelease('alpine', '3.20'), apkDatabase(['a', '1-r0']), { path: 'bad\udcff\n\\name', content: 'x' }],
]);
const layer = image.layers[0]?.descriptor;
if (!layer) throw new Error('no layer');

const inventoryStores: readonly (readonly [string, () => LayerInventoryStore])[] = [
  ['in memory', memoryInventoryStore],
  ['of documents', () => documentInventoryStore(memoryDocuments())],
];

describe.each(inventoryStores)('an inventory store %s', (_, create) => {
  it('gives back what was put, and nothing for other layers or other kinds of files', async () => {
    const store = create();
    expect(await store.get(layer.digest, fileKinds)).toBeUndefined();
    const inventories = store;
    const before = await inventoryImage({ layers: [layer] }, { source: sourceOf(image), inventories });
    const stored = await store.get(layer.digest, fileKinds);
    expect(canonicalJson(stored?.contents)).toBe(canonicalJson(before.layers[0]?.inventory?.contents));
    expect(stored?.tree).toBe(before.layers[0]?.inventory?.tree);
    expect(await store.get(digestOf('other'), fileKinds)).toBeUndefined();
    const newer = fileKinds.map((kind) => ({ ...kind, version: kind.version + 1 }));
    expect(await store.get(layer.digest, newer)).toBeUndefined();
    const again = await inventoryImage({ layers: [layer] }, { source: sourceOf(image), inventories });
    expect(again.layersReused).toEqual([layer.digest]);
  });
});

const sbomStores: readonly (readonly [string, () => SbomStore])[] = [
  ['in memory', memorySbomStore],
  ['of documents', () => documentSbomStore(memoryDocuments())],
];

const makeSbom = async () => {
  const ports = { source: sourceOf(image), inventories: memoryInventoryStore() };
  return buildSbom({ digest: image.descriptor.digest }, await inventoryImage({ layers: [layer] }, ports));
};

describe.each(sbomStores)('an SBOM store %s', (_, create) => {
  it('gives back the newest SBOM of an image', async () => {
    const store = create();
    const sbom = await makeSbom();
    expect(await store.get(sbom.image)).toBeUndefined();
    const first = await store.put({ ...sbom, packages: [] }, '{}');
    const second = await store.put(sbom, '{"bomFormat":"CycloneDX"}');
    expect(await store.get(sbom.image)).toEqual(sbom);
    expect(second.native).not.toEqual(first.native);
    expect(await store.put(sbom, '{"bomFormat":"CycloneDX"}')).toEqual(second);
  });
});

describe('stored documents', () => {
  it('that are damaged are never believed', async () => {
    const documents = memoryDocuments();
    const inventories = documentInventoryStore(documents);
    await inventoryImage({ layers: [layer] }, { source: sourceOf(image), inventories });
    const sboms = documentSbomStore(documents);
    const stored = await sboms.put(await makeSbom(), '{}');
    await overwriteAll(documents);
    expect(await inventories.get(layer.digest, fileKinds)).toBeUndefined();
    await expect(sboms.get(image.descriptor.digest)).rejects.toMatchObject({ code: 'document-damaged' });
    await expect(loadSbom(documents, stored.native)).rejects.toMatchObject({ code: 'document-damaged' });
    await expect(loadSbom(memoryDocuments(), stored.native)).rejects.toMatchObject({ code: 'sbom-missing' });
  });
});

async function overwriteAll(documents: DocumentStore): Promise<void> {
  const keys: string[] = [];
  for await (const key of documents.list('')) keys.push(key);
  for (const key of keys) await documents.put(key, Buffer.from('damaged'));
}
