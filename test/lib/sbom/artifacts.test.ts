import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { OCI_IMAGE_MANIFEST } from '../../../lib/formats/oci/index.ts';
import { memoryImageSource, memoryInventoryStore, memorySbomStore } from '../../../lib/sbom/adapters/memory.ts';
import { createSbom } from '../../../lib/sbom/index.ts';
import { tarArchive } from '../../support/tar-writer.ts';
import { apkDatabase, buildImage, osRelease } from './image-builder.ts';

interface Blob {
  readonly type: string;
  readonly bytes: Buffer;
  readonly annotations?: Readonly<Record<string, string>>;
}

function artifact(configType: string, blobs: readonly Blob[], artifactType?: string) {
  const config = Buffer.from('{}');
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      ...(artifactType ? { artifactType } : {}),
      config: { mediaType: configType, digest: digestOf(config), size: config.length },
      layers: blobs.map(({ type, bytes, annotations }) => ({
        mediaType: type,
        digest: digestOf(bytes),
        size: bytes.length,
        ...(annotations ? { annotations } : {}),
      })),
    }),
  );
  return { digest: digestOf(manifest), content: [config, manifest, ...blobs.map(({ bytes }) => bytes)] };
}

const setUp = (content: readonly Buffer[]) => ({
  source: memoryImageSource(content),
  inventories: memoryInventoryStore(),
  sboms: memorySbomStore(),
  clock: manualClock(),
});

async function sbomOf(
  image: { readonly digest: Digest; readonly content: readonly Buffer[] },
  ports = setUp(image.content),
) {
  const made = await createSbom({ image: image.digest }, ports);
  if (made.status !== 'created') throw new Error(made.status);
  return made.sbom;
}

function safetensors(name: string, parameters: number, bytes = 0): Buffer {
  const header = Buffer.from(
    JSON.stringify({
      __metadata__: { format: 'pt', 'modelspec.title': name },
      w: { dtype: 'F16', shape: [parameters], data_offsets: [0, bytes] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(bytes, 7)]);
}

function gguf(name: string): Buffer {
  const text = (value: string) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(value.length));
    return Buffer.concat([length, Buffer.from(value)]);
  };
  const counts = Buffer.alloc(24);
  counts.write('GGUF');
  counts.writeUInt32LE(3, 4);
  counts.writeBigUInt64LE(5n, 8);
  counts.writeBigUInt64LE(2n, 16);
  const type = Buffer.from([8, 0, 0, 0]);
  return Buffer.concat([
    counts,
    text('general.architecture'),
    type,
    text('llama'),
    text('general.name'),
    type,
    text(name),
  ]);
}

const wasm = Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])]);
const title = (text: string) => ({ annotations: { 'org.opencontainers.image.title': text } });
const listed = ({ packages }: Awaited<ReturnType<typeof sbomOf>>) =>
  packages.map(({ type, name, locations, about }) => [type, name, locations[0]?.path, about?.format]);

describe('the SBOM of an artifact that is no image', () => {
  it('lists the model of Docker and of Ollama by its header', async () => {
    const docker = artifact('application/vnd.docker.ai.model.config.v0.1+json', [
      { type: 'application/vnd.docker.ai.gguf.v3', bytes: gguf('smollm') },
      { type: 'application/vnd.docker.ai.license', bytes: Buffer.from('Apache License') },
    ]);
    const sbom = await sbomOf(docker);
    expect(sbom).toMatchObject({ outcome: 'complete', gaps: [] });
    expect(listed(sbom)).toEqual([['model', 'smollm', 'model.gguf', 'gguf 3']]);
    const ollama = artifact('application/vnd.docker.container.image.v1+json', [
      { type: 'application/vnd.ollama.image.model', bytes: gguf('tiny') },
    ]);
    expect(listed(await sbomOf(ollama))).toMatchObject([['model', 'tiny', expect.any(String), 'gguf 3']]);
  });

  it('lists the parts of a ModelPack, raw or as archives, by the names that their annotations give', async () => {
    const archive = tarArchive([{ path: 'weights/b.safetensors', content: safetensors('b', 10) }]);
    const pack = artifact('application/vnd.cncf.model.config.v1+json', [
      {
        type: 'application/vnd.cncf.model.weight.v1.raw',
        bytes: safetensors('a', 5, 200_000),
        annotations: { 'org.cncf.model.filepath': 'a.safetensors' },
      },
      { type: 'application/vnd.cncf.model.weight.v1.tar+gzip', bytes: gzipSync(archive) },
    ]);
    expect(listed(await sbomOf(pack))).toEqual([
      ['model', 'a', 'a.safetensors', 'safetensors'],
      ['model', 'b', 'weights/b.safetensors', 'safetensors'],
    ]);
  });

  it('lists what a ModelKit packs, and files that ORAS was given, whatever their types', async () => {
    const kit = artifact('application/vnd.kitops.modelkit.config.v1+json', [
      {
        type: 'application/vnd.kitops.modelkit.model.v1.tar',
        bytes: tarArchive([{ path: 'm.gguf', content: gguf('kit') }]),
      },
    ]);
    expect(listed(await sbomOf(kit))).toEqual([['model', 'kit', 'm.gguf', 'gguf 3']]);
    const pushed = artifact(
      'application/vnd.oci.empty.v1+json',
      [
        { type: 'application/octet-stream', bytes: safetensors('one', 1), ...title('x/model.safetensors') },
        { type: 'application/octet-stream', bytes: safetensors('two', 2), ...title('x/model.safetensors') },
        { type: 'application/octet-stream', bytes: safetensors('three', 3), ...title('../.wh.three.safetensors') },
      ],
      'application/vnd.example.thing',
    );
    expect(listed(await sbomOf(pushed))).toEqual([
      ['model', 'one', 'x/model.safetensors', 'safetensors'],
      ['model', 'three', '_wh.three.safetensors', 'safetensors'],
      ['model', 'two', '1/x/model.safetensors', 'safetensors'],
    ]);
  });

  it('lists a WebAssembly component', async () => {
    const component = artifact('application/vnd.wasm.config.v0+json', [{ type: 'application/wasm', bytes: wasm }]);
    expect(listed(await sbomOf(component))).toEqual([['wasm', 'module', 'module.wasm', 'wasm component']]);
  });

  it('has a gap where a blob is not what its digest says, and lists nothing of it', async () => {
    const model = artifact('application/vnd.docker.ai.model.config.v0.1+json', [
      { type: 'application/vnd.docker.ai.gguf.v3', bytes: gguf('smollm') },
    ]);
    const ports = setUp(model.content);
    const damaged = {
      ...ports,
      source: {
        ...ports.source,
        async *open(layer: Parameters<typeof ports.source.open>[0]) {
          for await (const chunk of ports.source.open(layer)) yield Buffer.from(chunk).fill(0, chunk.length - 1);
        },
      },
    };
    expect(await sbomOf(model, damaged)).toMatchObject({
      outcome: 'unreadable',
      packages: [],
      gaps: [{ code: 'digest-mismatch' }],
    });
  });

  it('is read once, and never stands for the layer of an image that has the same bytes', async () => {
    const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])]]);
    const [layer] = image.layers;
    const disguise = artifact('application/vnd.cncf.model.config.v1+json', [
      { type: 'application/vnd.cncf.model.weight.v1.raw', bytes: layer?.blob ?? Buffer.alloc(0), ...title('m.gguf') },
    ]);
    const ports = setUp([...disguise.content, ...image.blobs]);
    expect((await sbomOf(disguise, ports)).packages).toEqual([]);
    expect(await createSbom({ image: disguise.digest }, ports)).toMatchObject({ layersRead: 0, layersReused: 1 });
    const sbom = await sbomOf({ digest: image.descriptor.digest, content: [] }, ports);
    expect(sbom.packages.map(({ name }) => name)).toEqual(['musl']);
  });

  it('is none for artifacts that hold neither software nor models', async () => {
    const other = artifact(
      'application/vnd.oci.empty.v1+json',
      [{ type: 'text/plain', bytes: Buffer.from('x') }],
      'application/x',
    );
    expect(await createSbom({ image: other.digest }, setUp(other.content))).toEqual({
      status: 'not-an-image',
      artifactClass: 'artifact',
    });
  });
});
