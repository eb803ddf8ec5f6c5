import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';
import { chainIdsOf } from '../../../../lib/formats/oci/index.ts';
import { memoryInventoryStore, memorySbomStore } from '../../../../lib/sbom/adapters/memory.ts';
import { createSbom, type KnownBases, type Sbom } from '../../../../lib/sbom/index.ts';
import {
  apkDatabase,
  type BuiltImage,
  buildImage,
  buildIndex,
  buildLayer,
  osRelease,
  packageJson,
  sourceOf,
} from '../image-builder.ts';

const linux = { os: 'linux', architecture: 'amd64' };
const system = buildLayer([osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'], ['zlib', '1.3.1-r1'])]);
const runtime = buildLayer([packageJson('usr/lib/node_modules/npm', 'npm', '10.0.0')]);
const app = buildLayer([
  packageJson('app', 'app', '1.0.0'),
  apkDatabase(['musl', '1.2.5-r1'], ['zlib', '1.3.1-r1'], ['curl', '8.9.0-r0']),
]);
const base = buildImage([system, runtime], linux);

async function sbomOf(
  image: { readonly digest: Digest },
  content: readonly (BuiltImage | Buffer)[],
  knownBases?: KnownBases,
): Promise<Sbom> {
  const ports = {
    source: sourceOf(...content),
    inventories: memoryInventoryStore(),
    sboms: memorySbomStore(),
    clock: manualClock(),
    knownBases,
  };
  const made = await createSbom({ image: image.digest }, ports);
  if (made.status !== 'created') throw new Error(made.status);
  return made.sbom;
}

const knowing = (...images: readonly (BuiltImage & { readonly name: string })[]): KnownBases => {
  const known = new Map(
    images.map((one) => [
      chainIdsOf(one.layers.map(({ diffId }) => diffId)).at(-1),
      { registry: 'registry.example', repository: one.name, digest: one.descriptor.digest },
    ]),
  );
  return { firstWith: async (chainId) => known.get(chainId) };
};

const originsOf = ({ packages }: Sbom) =>
  Object.fromEntries(packages.map((one) => [`${one.name}@${one.version}`, one.origin]));
const split = {
  'app@1.0.0': 'own',
  'curl@8.9.0-r0': 'own',
  'musl@1.2.5-r1': 'own',
  'npm@10.0.0': 'base',
  'zlib@1.3.1-r1': 'base',
};

describe('chain ids', () => {
  it('are those of the specification: the digest of the one below, a space and the diff id', () => {
    const [a, b] = [digestOf('a'), digestOf('b')];
    expect(chainIdsOf([a, b])).toEqual([a, digestOf(`${a} ${b}`)]);
    expect(chainIdsOf([])).toEqual([]);
  });
});

describe('who brought a package', () => {
  it('is told by the known image with the most layers, and an upgrade belongs to whoever upgraded', async () => {
    const image = buildImage([system, runtime, app], linux);
    const lower = buildImage([system], linux);
    const known = knowing({ ...lower, name: 'alpine' }, { ...base, name: 'node' }, { ...image, name: 'itself' });
    const sbom = await sbomOf(image.descriptor, [image], known);
    expect(sbom.base).toEqual({
      evidence: 'known-image',
      layers: 2,
      image: base.descriptor.digest,
      name: 'registry.example/node',
    });
    expect(originsOf(sbom)).toEqual(split);
    expect(sbom.layers.map(({ origin }) => origin)).toEqual(['base', 'base', 'own']);
  });

  it('is told by the annotations where the image that they name is there and its layers are the lowest', async () => {
    const annotations = {
      'org.opencontainers.image.base.digest': base.descriptor.digest,
      'org.opencontainers.image.base.name': 'docker.io/library/node:22',
    };
    const image = buildImage([system, runtime, app], linux, { annotations });
    const sbom = await sbomOf(image.descriptor, [image, base]);
    expect(sbom.base).toEqual({
      evidence: 'annotation',
      layers: 2,
      image: base.descriptor.digest,
      name: 'docker.io/library/node:22',
    });
    expect(originsOf(sbom)).toEqual(split);
  });

  it('is told by an annotation that names an index, and by one that the catalogue confirms', async () => {
    const index = buildIndex([base.descriptor]);
    const throughIndex = buildImage([system, runtime, app], linux, {
      annotations: { 'org.opencontainers.image.base.digest': index.descriptor.digest },
    });
    expect((await sbomOf(throughIndex.descriptor, [throughIndex, base, index.blob])).base).toMatchObject({ layers: 2 });
    const image = buildImage([system, runtime, app], linux, {
      annotations: { 'org.opencontainers.image.base.digest': base.descriptor.digest },
    });
    const known = knowing({ ...base, name: 'node' });
    expect((await sbomOf(image.descriptor, [image], known)).base).toMatchObject({ evidence: 'annotation', layers: 2 });
  });

  it('is not told by annotations that do not fit the layers', async () => {
    const other = buildImage([runtime], linux);
    const image = buildImage([system, runtime, app], linux, {
      annotations: { 'org.opencontainers.image.base.digest': other.descriptor.digest },
    });
    const sbom = await sbomOf(image.descriptor, [image, other]);
    expect(sbom.base).toBeUndefined();
    expect(new Set(Object.values(originsOf(sbom)))).toEqual(new Set(['unknown']));
  });

  it('is guessed by a command in the middle of the history, and says so', async () => {
    const history = [
      { created_by: '/bin/sh -c #(nop) ADD file:1 in / ' },
      { created_by: '/bin/sh -c #(nop)  CMD ["/bin/sh"]', empty_layer: true },
      { created_by: 'RUN npm install' },
      { created_by: 'CMD ["node"]', empty_layer: true },
      { created_by: 'COPY app /app' },
      { created_by: 'CMD ["node" "app"]', empty_layer: true },
    ];
    const image = buildImage([system, runtime, app], linux, { config: { history } });
    const sbom = await sbomOf(image.descriptor, [image]);
    expect(sbom.base).toEqual({ evidence: 'history', layers: 2 });
    expect(originsOf(sbom)).toEqual(split);
  });

  it('is unknown where a history does not fit the layers, or has no such end of an image', async () => {
    const cmd = { created_by: 'CMD ["sh"]', empty_layer: true };
    const histories = [
      [{ created_by: 'ADD' }, cmd],
      [{ created_by: 'ADD' }, { created_by: 'RUN' }, { created_by: 'COPY' }, cmd],
      [cmd, { created_by: 'ADD' }, { created_by: 'RUN' }, { created_by: 'COPY' }],
      [],
    ];
    for (const history of histories) {
      const image = buildImage([system, runtime, app], linux, { config: { history } });
      expect((await sbomOf(image.descriptor, [image])).base).toBeUndefined();
    }
  });

  it('is unknown in the SBOM of an index where its images do not agree', async () => {
    const image = buildImage([system, runtime, app], linux);
    const index = buildIndex([image.descriptor, base.descriptor]);
    const known = knowing({ ...base, name: 'node' });
    const sbom = await sbomOf(index.descriptor, [image, base, index.blob], known);
    expect(sbom.base).toBeUndefined();
    expect(originsOf(sbom)).toEqual({
      ...split,
      'musl@1.2.5-r0': 'unknown',
      'npm@10.0.0': 'unknown',
      'zlib@1.3.1-r1': 'unknown',
    });
  });
});
