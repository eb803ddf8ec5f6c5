import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';
import {
  blobsOf,
  createArtifactManifest,
  createIndex,
  DOCKER_MANIFEST,
  EMPTY_BLOB,
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCI_LAYER_GZIP,
  parseManifest,
} from '../../../../lib/formats/oci/index.ts';

const config = { mediaType: OCI_IMAGE_CONFIG, digest: digestOf('config'), size: 6 };
const layer = { mediaType: OCI_LAYER_GZIP, digest: digestOf('layer'), size: 5 };
const image = { schemaVersion: 2, mediaType: OCI_IMAGE_MANIFEST, config, layers: [layer] };
const index = { schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests: [] };
const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'no error';
  } catch (error) {
    return isLadingError(error) ? error.code : `other: ${String(error)}`;
  }
};

describe('a manifest', () => {
  it('is read with its digest, parts and annotations', () => {
    const content = bytes({ ...image, annotations: { __proto__x: 'a', 'org.example': 'b' } });
    const parsed = parseManifest(content, `${OCI_IMAGE_MANIFEST}; charset=utf-8`);
    expect(parsed).toMatchObject({
      kind: 'image',
      digest: digestOf(content),
      size: content.length,
      config,
      layers: [layer],
    });
    expect(parsed.annotations['org.example']).toBe('b');
  });

  it('keeps a key named __proto__ as data', () => {
    const text = JSON.stringify(image).replace(/}$/, ',"annotations":{"__proto__":"x","constructor":"y"}}');
    const { annotations } = parseManifest(bytes(text));
    expect(Object.keys(annotations)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(annotations)).toBeNull();
    expect(parseManifest(bytes(image)).annotations.toString).toBeUndefined();
  });

  it('is told by its shape where it names no type', () => {
    const { mediaType: _, ...untyped } = image;
    expect(parseManifest(bytes(untyped)).mediaType).toBe(OCI_IMAGE_MANIFEST);
    expect(parseManifest(bytes({ schemaVersion: 2, manifests: [] })).kind).toBe('index');
    expect(codeOf(() => parseManifest(bytes({ schemaVersion: 2 })))).toBe('manifest-invalid');
    expect(codeOf(() => parseManifest(bytes(untyped), DOCKER_MANIFEST))).toBe('manifest-invalid');
  });

  it('takes null for absent, as Go writes it', () => {
    const parsed = parseManifest(bytes({ ...image, layers: null, annotations: null, subject: null }));
    expect(parsed).toMatchObject({ kind: 'image', layers: [] });
    expect(parsed.subject).toBeUndefined();
  });

  it.each([
    ['an image that also lists manifests', { ...image, manifests: [] }],
    ['an index that also has layers', { ...index, layers: [layer] }],
    ['an index that also has a configuration', { ...index, config }],
    ['an image with the fields of schema 1', { ...image, fsLayers: [] }],
    ['a size below zero', { ...image, layers: [{ ...layer, size: -1 }] }],
    ['a broken size', { ...image, layers: [{ ...layer, size: 1.5 }] }],
    ['a size that no number holds', JSON.stringify(image).replace('"size":5', '"size":1e300')],
    ['a digest in capitals', { ...image, layers: [{ ...layer, digest: layer.digest.toUpperCase() }] }],
    ['a digest of another kind', { ...image, layers: [{ ...layer, digest: 'md5:abc' }] }],
    ['no configuration', { ...image, config: undefined }],
    ['annotations that are no texts', { ...image, annotations: { a: 1 } }],
    ['an unknown type', { ...image, mediaType: 'application/json' }],
    ['a type that is no text', { ...image, mediaType: 5 }],
    ['a key twice', '{"schemaVersion":2,"manifests":[],"manifests":[]}'],
    ['a key twice in disguise', '{"schemaVersion":2,"manifests":[],"\\u006danifests":[]}'],
    ['no object', '[]'],
    ['no JSON', '{"schemaVersion":2'],
    ['deep nesting', `{"schemaVersion":2,"manifests":${'['.repeat(200)}${']'.repeat(200)}}`],
  ])('is refused with %s', (_, value) => {
    expect(codeOf(() => parseManifest(bytes(value)))).toBe('manifest-invalid');
  });

  it('must have one type in body, header and descriptor', () => {
    expect(codeOf(() => parseManifest(bytes(image), OCI_IMAGE_INDEX))).toBe('manifest-invalid');
    expect(codeOf(() => parseManifest(bytes(image), undefined, { mediaType: DOCKER_MANIFEST }))).toBe(
      'manifest-invalid',
    );
    expect(parseManifest(bytes(image), OCI_IMAGE_MANIFEST, { mediaType: OCI_IMAGE_MANIFEST }).kind).toBe('image');
  });

  it('must have the digest and size that were promised', () => {
    const content = bytes(image);
    expect(codeOf(() => parseManifest(content, undefined, { digest: digestOf('x') }))).toBe('digest-mismatch');
    expect(codeOf(() => parseManifest(content, undefined, { size: 1 }))).toBe('size-mismatch');
    const sha512 = `sha512:${createHash('sha512').update(content).digest('hex')}` as const;
    expect(parseManifest(content, undefined, { digest: sha512, size: content.length }).digest).toBe(sha512);
  });

  it('is at most 4 MiB', () => {
    const padded = bytes(`${JSON.stringify(image)}${' '.repeat(4 * 1024 * 1024)}`);
    expect(codeOf(() => parseManifest(padded))).toBe('limit-exceeded');
  });

  it('of schema 1 is refused with a sentence', () => {
    const types = ['application/vnd.docker.distribution.manifest.v1+prettyjws', undefined];
    for (const type of types) {
      expect(codeOf(() => parseManifest(bytes({ schemaVersion: 1, fsLayers: [] }), type))).toBe('manifest-schema1');
    }
    expect(() => parseManifest(bytes({ schemaVersion: 1 }))).toThrow(/schema 1/);
  });

  it('of the old artifact kind is read', () => {
    const mediaType = 'application/vnd.oci.artifact.manifest.v1+json';
    const parsed = parseManifest(bytes({ mediaType, artifactType: 'a/b', blobs: [layer], subject: config }));
    expect(parsed).toMatchObject({ kind: 'artifact', layers: [layer], subject: config });
  });

  it('never makes the reader fail in another way than by a LadingError', () => {
    const anything = fc.oneof(fc.json({ maxDepth: 3 }), fc.string({ maxLength: 40 }));
    const mutated = fc
      .tuple(
        fc.constantFrom(image, index),
        fc.constantFrom(...Object.keys({ ...image, ...index }), 'subject'),
        fc.jsonValue({ maxDepth: 3 }),
      )
      .map(([base, key, value]) => JSON.stringify({ ...base, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(anything, mutated), (text) => {
        expect(codeOf(() => parseManifest(bytes(text)))).not.toMatch(/^other/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('manifests that we make', () => {
  it('are read back, and are the same bytes for the same input', () => {
    const subject = { ...config, mediaType: OCI_IMAGE_MANIFEST };
    const make = (annotations: Record<string, string>) =>
      createArtifactManifest({ artifactType: 'application/vnd.example', layers: [layer], subject, annotations });
    const made = make({ b: '2', a: '1' });
    expect(make({ a: '1', b: '2' }).digest).toBe(made.digest);
    const parsed = parseManifest(made.bytes, made.mediaType, made);
    expect(parsed).toMatchObject({
      kind: 'artifact',
      artifactType: 'application/vnd.example',
      subject,
      layers: [layer],
    });
  });

  it('have the empty blob where they have no layer or configuration', () => {
    const made = createArtifactManifest({ artifactType: 'application/vnd.example', layers: [] });
    expect(blobsOf(parseManifest(made.bytes)).map((d) => d.digest)).toEqual([EMPTY_BLOB.descriptor.digest]);
    expect(EMPTY_BLOB.descriptor.digest).toBe(
      'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
    );
  });

  it('keep the order of an index', () => {
    const made = createIndex([layer, config]);
    const parsed = parseManifest(made.bytes);
    expect(parsed.kind === 'index' && parsed.manifests).toEqual([layer, config]);
  });
});
