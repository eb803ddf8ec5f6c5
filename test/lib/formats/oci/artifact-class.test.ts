import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import {
  type ArtifactClass,
  artifactClassOf,
  type Descriptor,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  parseManifest,
} from '../../../../lib/formats/oci/index.ts';

const part = (mediaType: string): Descriptor => ({ mediaType, digest: digestOf(mediaType), size: 1 });
const IMAGE = 'application/vnd.oci.image.config.v1+json';
const DOCKER = 'application/vnd.docker.container.image.v1+json';
const EMPTY = 'application/vnd.oci.empty.v1+json';
const TAR = 'application/vnd.oci.image.layer.v1.tar+gzip';
const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const manifest = (
  config: string,
  layers: readonly string[],
  more: { readonly artifactType?: string; readonly annotations?: Readonly<Record<string, string>> } = {},
) =>
  parseManifest(
    Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_MANIFEST,
        config: part(config),
        layers: layers.map(part),
        ...more,
      }),
    ),
  );

const predicate = (type: string) => ({
  'dev.sigstore.bundle.content': 'dsse-envelope',
  'dev.sigstore.bundle.predicateType': type,
});

// What tools write: cosign, notation, BuildKit, syft, helm, wkg and wasm-to-oci, ModelPack, KitOps, ollama, Docker.
const CASES: readonly (readonly [string, ReturnType<typeof manifest>, ArtifactClass])[] = [
  ['an image', manifest(IMAGE, [TAR]), 'image'],
  ['a Docker image', manifest(DOCKER, ['application/vnd.docker.image.rootfs.diff.tar.gzip']), 'image'],
  ['an image without layers', manifest(IMAGE, []), 'image'],
  [
    'an image that claims to be an SBOM',
    manifest(IMAGE, [TAR], { artifactType: 'application/vnd.cyclonedx+json' }),
    'image',
  ],
  [
    'an image with a signature layer',
    manifest(IMAGE, ['application/vnd.dev.cosign.simplesigning.v1+json', TAR]),
    'image',
  ],
  [
    'a cosign signature of the older kind',
    manifest(IMAGE, ['application/vnd.dev.cosign.simplesigning.v1+json']),
    'signature',
  ],
  ['a cosign attestation of the older kind', manifest(IMAGE, ['application/vnd.dsse.envelope.v1+json']), 'attestation'],
  ['an SBOM attached by cosign', manifest(IMAGE, ['text/spdx+json']), 'sbom'],
  ['a bundle', manifest(EMPTY, [BUNDLE], { artifactType: BUNDLE }), 'signature'],
  [
    'a bundle with a cosign signature',
    manifest(EMPTY, [BUNDLE], { artifactType: BUNDLE, annotations: predicate('https://sigstore.dev/cosign/sign/v1') }),
    'signature',
  ],
  [
    'a bundle with provenance',
    manifest(EMPTY, [BUNDLE], { artifactType: BUNDLE, annotations: predicate('https://slsa.dev/provenance/v1') }),
    'attestation',
  ],
  [
    'a bundle that does not say of what',
    manifest(EMPTY, [BUNDLE], {
      artifactType: BUNDLE,
      annotations: { 'dev.sigstore.bundle.content': 'dsse-envelope' },
    }),
    'attestation',
  ],
  ['a notation signature', manifest('application/vnd.cncf.notary.signature', ['application/jose+json']), 'signature'],
  [
    'a notation signature with artifact type',
    manifest(EMPTY, ['application/cose'], { artifactType: 'application/vnd.cncf.notary.signature' }),
    'signature',
  ],
  ['a BuildKit attestation', manifest(IMAGE, ['application/vnd.in-toto+json']), 'attestation'],
  [
    'an in-toto statement',
    manifest(EMPTY, ['application/vnd.in-toto+json'], { artifactType: 'application/vnd.in-toto+json' }),
    'attestation',
  ],
  [
    'CycloneDX',
    manifest(EMPTY, ['application/vnd.cyclonedx+json'], { artifactType: 'application/vnd.cyclonedx+json' }),
    'sbom',
  ],
  ['SPDX', manifest(EMPTY, ['application/octet-stream'], { artifactType: 'application/spdx+json' }), 'sbom'],
  [
    'a chart',
    manifest('application/vnd.cncf.helm.config.v1+json', ['application/vnd.cncf.helm.chart.content.v1.tar+gzip']),
    'chart',
  ],
  ['a component', manifest('application/vnd.wasm.config.v0+json', ['application/wasm']), 'wasm'],
  ['a module', manifest('application/vnd.wasm.config.v1+json', ['application/vnd.wasm.content.layer.v1+wasm']), 'wasm'],
  [
    'a ModelPack',
    manifest('application/vnd.cncf.model.config.v1+json', ['application/vnd.cncf.model.weight.v1.tar'], {
      artifactType: 'application/vnd.cncf.model.manifest.v1+json',
    }),
    'model',
  ],
  [
    'a ModelKit',
    manifest('application/vnd.kitops.modelkit.config.v1+json', ['application/vnd.kitops.modelkit.model.v1.tar+gzip']),
    'model',
  ],
  [
    'an ollama model',
    manifest(DOCKER, ['application/vnd.ollama.image.model', 'application/vnd.ollama.image.params']),
    'model',
  ],
  [
    'a Docker model',
    manifest('application/vnd.docker.ai.model.config.v0.1+json', ['application/vnd.docker.ai.gguf.v3']),
    'model',
  ],
  ['a cache as an image', manifest('application/vnd.buildkit.cacheconfig.v0', [TAR]), 'cache'],
  ['something else', manifest(EMPTY, ['text/plain'], { artifactType: 'application/vnd.example' }), 'artifact'],
];

describe('the class of a manifest', () => {
  it.each(CASES)('%s', (_, parsed, expected) => {
    expect(artifactClassOf(parsed)).toBe(expected);
  });

  it('is index for an index, and cache for that of BuildKit', () => {
    const index = (manifests: readonly Descriptor[]) =>
      parseManifest(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests })));
    expect(artifactClassOf(index([part(OCI_IMAGE_MANIFEST)]))).toBe('index');
    expect(artifactClassOf(index([part(TAR), part('application/vnd.buildkit.cacheconfig.v0')]))).toBe('cache');
  });

  it('heeds what the index says of a child that no runtime could run', () => {
    const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
    const entry = { ...part(OCI_IMAGE_MANIFEST), annotations };
    expect(artifactClassOf(manifest(IMAGE, ['application/vnd.example']), entry)).toBe('attestation');
    expect(artifactClassOf(manifest(IMAGE, [TAR]), entry)).toBe('image');
  });
});

const corpora = process.env.LADING_CORPORA;
const why = corpora ? '' : ' (skipped: LADING_CORPORA names no folder)';

it.skipIf(!corpora)(`tells the classes of the image corpus${why}`, () => {
  const folder = join(corpora ?? '', 'images');
  const read = (digest: string) => readFileSync(join(folder, 'blobs', digest.replace(':', '/')));
  const top = parseManifest(readFileSync(join(folder, 'index.json')));
  const counts = new Map<ArtifactClass, number>();
  const count = (descriptor: Descriptor): void => {
    const parsed = parseManifest(read(descriptor.digest), undefined, descriptor);
    const found = artifactClassOf(parsed, descriptor);
    counts.set(found, (counts.get(found) ?? 0) + 1);
    if (parsed.kind === 'index') parsed.manifests.forEach(count);
  };
  if (top.kind === 'index') top.manifests.forEach(count);
  expect(counts.get('attestation')).toBe(2);
  expect(counts.get('sbom')).toBe(2);
  expect(counts.get('artifact')).toBe(1);
  expect(counts.get('index')).toBeGreaterThan(5);
});
