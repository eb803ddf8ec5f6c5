import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { isLadingError } from '../../../lib/core/errors.ts';
import { blobsOf, parseManifest } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import { type OpenedSource, openSource } from '../../../lib/registry/adapters/open-source.ts';
import { collectContent, parseSource, type Registries, registryError } from '../../../lib/registry/index.ts';
import { codeOf, pushImage } from '../../contract/registry.contract.ts';
import { type TarEntryInput, tarArchive } from '../../support/tar-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'lading-sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

const noRegistries: Registries = {
  open: async (host) => {
    throw registryError('registry-unknown', `no ${host}`);
  },
};
const open = (text: string, registries = noRegistries) => openSource(parseSource(text), registries);
const sentenceOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no error',
    (error: Error) => error.message,
  );
const archive = (entries: readonly TarEntryInput[]): string => {
  const path = join(folder, `archive-${count++}.tar`);
  writeFileSync(path, tarArchive(entries));
  return path;
};

async function readAll({ reader, repository, digest }: OpenedSource): Promise<Buffer[]> {
  const found = await reader.getManifest({ repository, reference: digest });
  if (found === undefined) throw new Error('no manifest');
  const blobs: Buffer[] = [];
  for (const blob of blobsOf(parseManifest(found.bytes, found.mediaType, { digest }))) {
    blobs.push(Buffer.from(await collectContent(reader.openBlob({ repository, ...blob }), 1e6)));
  }
  return blobs;
}

describe('the notation of a source', () => {
  it.each([
    ['oci:images:alpine-3.20', { kind: 'oci-layout', directory: 'images', reference: 'alpine-3.20' }],
    ['oci:images', { kind: 'oci-layout', directory: 'images' }],
    ['oci:./a/b:sha256:abc', { kind: 'oci-layout', directory: './a/b', reference: 'sha256:abc' }],
    ['oci:C:\\images:x', { kind: 'oci-layout', directory: 'C:\\images', reference: 'x' }],
    ['oci-archive:a.tar:x', { kind: 'oci-archive', file: 'a.tar', reference: 'x' }],
    ['docker-archive:a.tar:alpine:3.20', { kind: 'docker-archive', file: 'a.tar', reference: 'alpine:3.20' }],
    ['r.example/a/b', { kind: 'registry', image: { registry: 'r.example', repository: 'a/b', tag: 'latest' } }],
    [
      'docker://r.example:5000/a:1',
      { kind: 'registry', image: { registry: 'r.example:5000', repository: 'a', tag: '1' } },
    ],
  ])('%s', (text, expected) => {
    expect(parseSource(text)).toEqual(expected);
  });

  it.each(['', 'oci:', 'oci::x', 'alpine', 'oci-archive:', 'r.example/A', 'docker://', 'r.example/a@sha256:short'])(
    'refuses "%s" and says how to write it',
    (text) => {
      expect(() => parseSource(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining('oci:DIR') }));
    },
  );

  it('fails only by LadingErrors', () => {
    const prefixes = fc.constantFrom('', 'oci:', 'oci-archive:', 'docker-archive:', 'docker://', 'r.example/');
    fc.assert(
      fc.property(prefixes, fc.string({ maxLength: 60 }), (prefix, rest) => {
        try {
          parseSource(prefix + rest);
        } catch (error) {
          expect(isLadingError(error, 'source-invalid')).toBe(true);
        }
      }),
    );
  });
});

describe('a layout as source', () => {
  it('is opened by ref, by digest, and without either where there is only one', async () => {
    const directory = join(folder, `layout-${count++}`);
    const registry = await openOciLayout({ directory, create: true });
    const first = await pushImage(registry, LAYOUT_REPOSITORY, 'one');
    expect(await open(`oci:${directory}`)).toMatchObject({
      digest: first.digest,
      reference: 'one',
      mediaType: first.mediaType,
    });
    const second = await pushImage(registry, LAYOUT_REPOSITORY, 'two');
    expect((await open(`oci:${directory}:two`)).digest).toBe(second.digest);
    const byDigest = await open(`oci:${directory}:${second.digest}`);
    expect(byDigest.digest).toBe(second.digest);
    expect(byDigest.reference).toBeUndefined();
    expect(await sentenceOf(open(`oci:${directory}:three`))).toBe(
      `unknown ref "three" in layout ${directory}; it holds: one, two`,
    );
    expect(await sentenceOf(open(`oci:${directory}`))).toBe(`name an image of layout ${directory}; it holds: one, two`);
  });

  it('needs no name where its only image has none, and names by digest those that have none', async () => {
    const directory = join(folder, `layout-${count++}`);
    const registry = await openOciLayout({ directory, create: true });
    const put = async (name: string): Promise<string> => {
      const { digest } = await pushImage(registry, LAYOUT_REPOSITORY, name);
      const file = join(directory, 'index.json');
      const index = JSON.parse(readFileSync(file, 'utf8')) as { manifests: { annotations?: unknown }[] };
      for (const entry of index.manifests) delete entry.annotations;
      writeFileSync(file, JSON.stringify(index));
      return digest;
    };
    const first = await put('one');
    const found = await open(`oci:${directory}`);
    expect([found.digest, found.reference]).toEqual([first, undefined]);
    const second = await put('two');
    expect(await sentenceOf(open(`oci:${directory}`))).toBe(
      `name an image of layout ${directory}; it holds: ${first}, ${second}`,
    );
  });

  it('says what is wrong with what is no layout', async () => {
    expect(await sentenceOf(open(`oci:${folder}/none:x`))).toMatch(
      /is not an OCI image layout: there is no index.json/,
    );
    writeFileSync(join(folder, 'file'), 'x');
    expect(await sentenceOf(open(`oci:${folder}/file:x`))).toMatch(/is not an OCI image layout/);
  });
});

describe('a registry as source', () => {
  it('is opened by tag or digest, or says that there is nothing', async () => {
    const registry = createMemoryRegistry({ host: 'r.example' });
    const image = await pushImage(registry, 'a/b', 'v1');
    const registries: Registries = { open: async () => registry };
    expect(await open('r.example/a/b:v1', registries)).toMatchObject({
      digest: image.digest,
      repository: 'a/b',
      reference: 'v1',
    });
    expect((await open(`r.example/a/b@${image.digest}`, registries)).digest).toBe(image.digest);
    expect(await sentenceOf(open('r.example/a/b', registries))).toBe('there is no image r.example/a/b:latest');
    expect(await codeOf(open('other.example/a/b'))).toBe('registry-unknown');
  });
});

const layers = [Buffer.from('layer one'.repeat(100)), Buffer.from('layer two'.repeat(100))];
const configOf = (diffIds: readonly string[]) =>
  JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: diffIds } });
const config = configOf(layers.map((layer) => digestOf(layer)));
const dockerEntries = (more: Record<string, unknown> = {}): TarEntryInput[] => [
  { path: 'one/layer.tar', content: layers[0] as Buffer },
  { path: 'two/layer.tar', content: layers[1] as Buffer },
  { path: 'config.json', content: config },
  {
    path: 'manifest.json',
    content: JSON.stringify([
      {
        Config: 'config.json',
        RepoTags: ['example.com/app:1.0', 'app:latest'],
        Layers: ['one/layer.tar', 'two/layer.tar'],
        ...more,
      },
    ]),
  },
];

describe('a docker archive', () => {
  it('gets a manifest, the same each time, and every blob is where that says', async () => {
    const source = await open(`docker-archive:${archive(dockerEntries())}:app:latest`);
    const again = await open(`docker-archive:${archive(dockerEntries().reverse())}:1.0`);
    expect(again.digest).toBe(source.digest);
    expect(again.reference).toBe('example.com/app:1.0');
    expect(await readAll(source)).toEqual([Buffer.from(config), ...layers]);
  });

  it('keeps packed layers as they are, and follows links between layers', async () => {
    const packed = gzipSync(layers[0] as Buffer);
    const twice = configOf([digestOf(layers[0] as Buffer), digestOf(layers[0] as Buffer)]);
    const path = archive([
      { path: './one/layer.tar', content: packed },
      { path: './two/layer.tar', type: 'symlink', linkname: '../one/layer.tar' },
      { path: './config.json', content: twice },
      ...dockerEntries().slice(3),
    ]);
    const source = await open(`docker-archive:${path}:1.0`);
    expect(await readAll(source)).toEqual([Buffer.from(twice), packed]);
  });

  it.each([
    ['a layer that is absent', dockerEntries({ Layers: ['one/layer.tar', 'three.tar'] })],
    ['a configuration that is absent', dockerEntries({ Config: 'nope.json' })],
    ['fewer layers than the configuration tells of', dockerEntries({ Layers: ['one/layer.tar'] })],
    ['a layer outside the archive', dockerEntries({ Layers: ['one/layer.tar', '../../../../etc/passwd'] })],
    [
      'a link to outside',
      [...dockerEntries(), { path: 'two/layer.tar', type: 'symlink', linkname: '/etc/passwd' } as const],
    ],
    [
      'links in a ring',
      [...dockerEntries(), { path: 'two/layer.tar', type: 'symlink', linkname: 'layer.tar' } as const],
    ],
    ['a manifest.json of another form', dockerEntries().slice(0, 3).concat({ path: 'manifest.json', content: '{}' })],
    ['no manifest.json', dockerEntries().slice(0, 3)],
  ])('is refused with %s', async (_, entries) => {
    expect(await codeOf(open(`docker-archive:${archive(entries)}`))).toBe('source-invalid');
  });

  it('notices a layer that is not what the configuration says', async () => {
    const path = archive([{ path: 'one/layer.tar', content: 'other' }, ...dockerEntries().slice(1)]);
    const source = await open(`docker-archive:${path}:1.0`);
    expect(await codeOf(readAll(source))).toBe('digest-mismatch');
  });

  it('names its refs', async () => {
    const path = archive(dockerEntries());
    expect(await sentenceOf(open(`docker-archive:${path}:x`))).toBe(
      `unknown ref "x" in archive ${path}; it holds: example.com/app:1.0, app:latest`,
    );
  });
});

describe('an archive of a layout', () => {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [],
    }),
  );
  const entries = (name: string): TarEntryInput[] => [
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    { path: `blobs/sha256/${digestOf(manifest).slice(7)}`, content: manifest },
    { path: `blobs/sha256/${digestOf(config).slice(7)}`, content: config },
    {
      path: 'index.json',
      content: JSON.stringify({
        schemaVersion: 2,
        manifests: [
          {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            digest: digestOf(manifest),
            size: manifest.length,
            annotations: { 'org.opencontainers.image.ref.name': name },
          },
        ],
      }),
    },
  ];

  it('is read in place', async () => {
    const source = await open(`oci-archive:${archive(entries('v1'))}:v1`);
    expect(source.digest).toBe(digestOf(manifest));
    expect(await readAll(source)).toEqual([Buffer.from(config)]);
  });

  it('is refused where it is packed, cut short, or something else', async () => {
    const path = archive(entries('v1'));
    const packed = join(folder, 'packed.tar.gz');
    writeFileSync(packed, gzipSync(tarArchive(entries('v1'))));
    expect(await sentenceOf(open(`oci-archive:${packed}`))).toMatch(/compressed archive/);
    const short = join(folder, 'short.tar');
    writeFileSync(short, tarArchive(entries('v1')).subarray(0, 530));
    expect(await sentenceOf(open(`oci-archive:${short}`))).toMatch(
      /cannot be read as a tar archive: the archive is cut short/,
    );
    expect(await sentenceOf(open(`docker-archive:${path}`))).toMatch(/has no manifest.json/);
    expect(await sentenceOf(open(`oci-archive:${folder}/absent.tar`))).toMatch(/cannot be read: ENOENT/);
    expect(await codeOf(open(`oci-archive:${folder}`))).toBe('source-invalid');
  });
});
