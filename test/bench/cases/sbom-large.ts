import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { type Digest, digestHex, digestOf } from '../../../lib/core/digest.ts';
import { OCI_IMAGE_CONFIG, OCI_IMAGE_MANIFEST, OCI_LAYER_GZIP } from '../../../lib/formats/oci/index.ts';
import { seededRandom } from '../../support/random.ts';
import { tarEntry } from '../../support/tar-writer.ts';
import type { BenchCase, BenchRow } from '../bench-case.ts';
import { commands } from '../commands.ts';
import { compare } from '../measure.ts';

const MIB = 1024 * 1024;

/** One layer of a gigabyte against one of a tenth: what is held must not grow with what passes by. */
export const sbomLarge: BenchCase = {
  name: 'SBOM, large',
  async run({ work, runs }) {
    const [small, large] = [await makeLayout(join(work, 'small'), 100), await makeLayout(join(work, 'large'), 1000)];
    const timed = await compare(
      { small: () => commands.ladingSbom(`oci:${small}`), large: () => commands.ladingSbom(`oci:${large}`) },
      Math.min(runs, 3),
    );
    const [few, many] = [timed.get('small'), timed.get('large')];
    if (!few || !many) return [];
    const rows: BenchRow[] = [
      { what: 'a layer of 1 GB: wall', ours: many.wall, unit: 's' },
      {
        ...{ what: 'a layer of 1 GB: peak memory', ours: many.peak, unit: 'MiB' },
        ...{ peer: { name: 'a layer of 100 MB', value: few.peak }, goal: { most: 1.25 } },
      },
    ];
    return rows;
  },
};

/** An OCI layout with one image of one layer, of files of a mebibyte that do not shrink much. */
async function makeLayout(folder: string, files: number): Promise<string> {
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const [archive, packed] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  await pipeline(
    Readable.from(entries(files)),
    watch((chunk) => void archive.update(chunk)),
    createGzip({ level: 1 }),
    watch((chunk) => {
      packed.update(chunk);
      size += chunk.length;
    }),
    createWriteStream(join(folder, 'layer')),
  );
  const layer = { mediaType: OCI_LAYER_GZIP, digest: `sha256:${packed.digest('hex')}` as Digest, size };
  renameSync(join(folder, 'layer'), join(blobs, digestHex(layer.digest)));
  const put = (content: string) => {
    const digest = digestOf(content);
    writeFileSync(join(blobs, digestHex(digest)), content);
    return { digest, size: Buffer.byteLength(content) };
  };
  const rootfs = { type: 'layers', diff_ids: [`sha256:${archive.digest('hex')}`] };
  const config = put(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }));
  const manifest = put(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_IMAGE_MANIFEST,
      config: { mediaType: OCI_IMAGE_CONFIG, ...config },
      layers: [layer],
    }),
  );
  const named = {
    mediaType: OCI_IMAGE_MANIFEST,
    ...manifest,
    annotations: { 'org.opencontainers.image.ref.name': 'a' },
  };
  writeFileSync(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [named] }));
  return folder;
}

function* entries(files: number): Generator<Buffer> {
  const random = seededRandom(1);
  const content = Buffer.alloc(MIB);
  for (let i = 0; i < MIB; i += 2) content[i] = random() * 256;
  for (let i = 0; i < files; i++) {
    content.writeUInt32LE(i, 0);
    yield tarEntry({ path: `data/${i % 100}/${i}.bin`, content });
  }
  yield Buffer.alloc(1024);
}

const watch = (look: (chunk: Buffer) => void): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      look(chunk);
      done(null, chunk);
    },
  });
