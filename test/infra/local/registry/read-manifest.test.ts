import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accepts } from '../../../../infra/local/registry/media-types.ts';
import { readManifest } from '../../../../infra/local/registry/read-manifest.ts';
import { digestOf } from '../../../../lib/core/digest.ts';
import { imageManifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, sha512Of } from './support.ts';

const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const config = { digest: digestOf('config'), size: 6 };
const layer = { digest: digestOf('layer'), size: 5 };
const read = (text: string, type: string | undefined = OCI_MANIFEST) => readManifest(Buffer.from(text), type);
const reasonOf = (text: string, type?: string): string => {
  const reading = read(text, type);
  return reading.kind === 'refused' ? reading.reason : 'accepted';
};
const image = (more: Record<string, unknown> = {}): string => imageManifest(config, [layer], more);
const index = (manifests: readonly unknown[], more: Record<string, unknown> = {}): string =>
  JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests, ...more });

describe('manifests that are read', () => {
  it('takes what an image names', () => {
    const subject = { mediaType: OCI_MANIFEST, digest: digestOf('subject'), size: 7 };
    expect(read(image({ subject, artifactType: 'application/vnd.example' }))).toEqual({
      kind: 'manifest',
      summary: {
        mediaType: OCI_MANIFEST,
        size: expect.any(Number),
        artifactType: 'application/vnd.example',
        configMediaType: OCI_CONFIG,
        subject: subject.digest,
        blobs: [config, layer],
        children: [],
      },
    });
  });

  it('takes the children of an index, and names content of other types as blobs (BuildKit caches)', () => {
    const child = { mediaType: DOCKER, digest: digestOf('child'), size: 5 };
    const text = index([child, { mediaType: OCI_LAYER, ...layer }, child]);
    expect(read(text, OCI_INDEX)).toMatchObject({
      summary: { children: [{ digest: child.digest, size: 5 }], blobs: [layer] },
    });
  });

  it.each([
    [
      DOCKER,
      JSON.stringify({ schemaVersion: 2, mediaType: DOCKER, config: { mediaType: 'a/b', ...config }, layers: [] }),
    ],
    [DOCKER_LIST, JSON.stringify({ schemaVersion: 2, mediaType: DOCKER_LIST, manifests: [] })],
    [OCI_MANIFEST, imageManifest(config, [], { mediaType: undefined })],
    [
      'application/vnd.oci.artifact.manifest.v1+json',
      JSON.stringify({ artifactType: 'a/b', blobs: [{ mediaType: 'c/d', ...layer }] }),
    ],
  ])('knows %s', (type, text) => {
    expect(reasonOf(text, type)).toBe('accepted');
  });

  it('goes by the body where the header is missing or only says JSON, and ignores parameters', () => {
    expect(readManifest(Buffer.from(image()), undefined).kind).toBe('manifest');
    expect(reasonOf(image(), 'application/json')).toBe('accepted');
    expect(reasonOf(image(), `${OCI_MANIFEST}; charset=utf-8`)).toBe('accepted');
  });

  it('needs no bytes of layers that may not be distributed, unless they are also named otherwise', () => {
    const foreign = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip';
    const both = imageManifest(config, [{ ...layer, mediaType: foreign }]);
    expect(read(both)).toMatchObject({ summary: { blobs: [config, { ...layer, optional: true }] } });
    const mixed = imageManifest(config, [{ ...layer, mediaType: foreign }, layer]);
    expect(read(mixed)).toMatchObject({ summary: { blobs: [config, layer] } });
  });

  it("keeps unknown members, also those named like JavaScript's own", () => {
    expect(reasonOf(image({ annotations: { constructor: 'x', toString: 'y' }, 'org.example': { deep: [1] } }))).toBe(
      'accepted',
    );
    expect(reasonOf(image().replace('{', '{"__proto__":{"layers":[]},'))).toBe('accepted');
  });
});

describe('manifests that are refused', () => {
  it.each([
    ['an image that is also an index', image({ manifests: [] }), OCI_MANIFEST, /must not have "manifests"/],
    ['an index that is also an image', index([], { layers: [] }), OCI_INDEX, /must not have "layers"/],
    ['an index with a config', index([], { config }), OCI_INDEX, /must not have "config"/],
    ['a schema 1 body', image({ fsLayers: [] }), OCI_MANIFEST, /must not have "fsLayers"/],
    ["a type that is not the header's", image(), OCI_INDEX, /Content-Type header is/],
    ['a key twice', image().replace('{', '{"layers":[],'), OCI_MANIFEST, /"layers" appears twice/],
    ['a key twice, once escaped', image().replace('{', '{"l\\u0061yers":[],'), OCI_MANIFEST, /appears twice/],
    ['a key that Go reads as another', image({ Layers: [] }), OCI_MANIFEST, /mistaken for "layers"/],
    ['a key with a long s', image({ 'layer\u017f': [] }), OCI_MANIFEST, /mistaken for "layers"/],
    [
      'such a key in a descriptor',
      image({ config: { mediaType: OCI_CONFIG, ...config, Digest: 'x' } }),
      OCI_MANIFEST,
      /mistaken/,
    ],
    ['deep nesting', image({ x: JSON.parse('['.repeat(150) + ']'.repeat(150)) }), OCI_MANIFEST, /nested over 100/],
    ['no JSON', 'layers', OCI_MANIFEST, /not acceptable JSON/],
    ['no object', '[]', OCI_MANIFEST, /not a JSON object/],
    ['an unknown type', image({ mediaType: 'text/plain' }), 'text/plain', /not supported/],
    ['no type at all', imageManifest(config, [], { mediaType: undefined }), 'application/json', /says what kind/],
    ['a type that is no text', image({ mediaType: 5 }), OCI_MANIFEST, /not a string/],
    [
      'schema 1 by its type',
      '{}',
      'application/vnd.docker.distribution.manifest.v1+prettyjws',
      /schema 1 is not supported/,
    ],
    ['schema 1 by its version', image({ schemaVersion: 1 }), OCI_MANIFEST, /schema 1 is not supported/],
    ['another version', image({ schemaVersion: 3 }), OCI_MANIFEST, /schemaVersion/],
    ['no config', image({ config: undefined }), OCI_MANIFEST, /config/],
    ['layers that are no list', image({ layers: {} }), OCI_MANIFEST, /layers/],
    [
      'an upper-case digest',
      imageManifest(config, [{ ...layer, digest: layer.digest.toUpperCase() as never }]),
      OCI_MANIFEST,
      /digest/,
    ],
    ['an md5 digest', imageManifest(config, [{ ...layer, digest: 'md5:00' as never }]), OCI_MANIFEST, /digest/],
    ['a negative size', imageManifest(config, [{ ...layer, size: -1 }]), OCI_MANIFEST, /size/],
    ['a broken size', imageManifest(config, [{ ...layer, size: 1.5 }]), OCI_MANIFEST, /size/],
    ['a size beyond exact numbers', image().replace('"size":5', '"size":9007199254740993'), OCI_MANIFEST, /size/],
    ['annotations that are no texts', image({ annotations: { a: 1 } }), OCI_MANIFEST, /annotations/],
    ['a subject that is none', image({ subject: 'x' }), OCI_MANIFEST, /subject/],
  ])('%s', (_what, text, type, reason) => {
    expect(reasonOf(text, type)).toMatch(reason);
  });

  it('embedded data that is not what its descriptor says', () => {
    const withData = (data: string, digest = digestOf('{}')) =>
      image({ config: { mediaType: OCI_CONFIG, digest, size: 2, data: Buffer.from(data).toString('base64') } });
    expect(reasonOf(withData('{}'))).toBe('accepted');
    expect(reasonOf(withData('{}', sha512Of('{}')))).toBe('accepted');
    expect(reasonOf(withData('[]'))).toMatch(/not the content/);
    expect(reasonOf(withData('{} '))).toMatch(/not the content/);
  });

  it('bytes that are no UTF-8', () => {
    expect(readManifest(Buffer.from([0x7b, 0xff, 0x7d]), OCI_MANIFEST)).toMatchObject({ kind: 'refused' });
  });

  it('anything, without throwing', () => {
    const type = fc.constantFrom(OCI_MANIFEST, OCI_INDEX, DOCKER, DOCKER_LIST, undefined);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), type, (text, mediaType) => {
        expect(['manifest', 'refused']).toContain(readManifest(Buffer.from(text), mediaType).kind);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readManifest(bytes, OCI_MANIFEST).kind).toBe('refused');
      }),
    );
  });
});

describe('Accept', () => {
  it.each([
    [undefined, true],
    ['', true],
    ['*/*', true],
    ['application/*;q=0.5', true],
    ['application/json', true],
    [`text/html, ${OCI_MANIFEST}`, true],
    [`${OCI_MANIFEST.toUpperCase()};q=0.1`, true],
    [OCI_INDEX, false],
    ['text/*', false],
  ])('%s', (header, expected) => {
    expect(accepts(header, OCI_MANIFEST)).toBe(expected);
  });
});
