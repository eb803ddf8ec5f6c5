import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import { basePackages, osRelease } from './base-packages.ts';

/** One content of the sample: what is pushed under its digest. */
export interface SampleBlob {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

export interface SampleImage {
  readonly mediaType: 'application/vnd.oci.image.manifest.v1+json';
  readonly manifest: SampleBlob;
  readonly blobs: readonly SampleBlob[];
}

interface File {
  readonly path: string;
  readonly content: Uint8Array;
}

/** Every file has this time, so that the same packages give the same digests on every machine. */
const TIME = new Date('2026-01-01T00:00:00Z');

/**
 * Makes the image that `npm start` shows: an Alpine package database that restates real names and versions (and no
 * files of Alpine at all), and over it real packages of the npm registry, as installed beside this file.
 *
 * @throws LadingError `sample-not-installed`
 */
export async function makeSampleImage(folder = join(import.meta.dirname, 'app', 'node_modules')): Promise<SampleImage> {
  const base = await layer(baseFiles());
  const app = await layer(appFiles(folder));
  const layers = [base, app];
  const config = blob(
    json({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: TIME.toISOString(),
      config: {
        Cmd: ['node', '/app/index.js'],
        WorkingDir: '/app',
        Labels: {
          'org.opencontainers.image.title': 'Lading sample',
          'org.opencontainers.image.description':
            'Not runnable: a package database without files, and real npm packages',
        },
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map((_, i) => ({ created: TIME.toISOString(), created_by: i === 0 ? 'sample base' : 'npm ci' })),
    }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const descriptor = (type: string, { digest, bytes }: SampleBlob) => ({ mediaType: type, digest, size: bytes.length });
  const manifest = blob(
    json({
      schemaVersion: 2,
      mediaType,
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: layers.map((one) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', one.blob)),
    }),
  );
  return { mediaType, manifest, blobs: [config, ...layers.map((one) => one.blob)] };
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const blob = (bytes: Uint8Array): SampleBlob => ({ digest: digestOf(bytes), bytes });

async function layer(files: readonly File[]): Promise<{ readonly blob: SampleBlob; readonly diffId: Digest }> {
  const archive = pack();
  for (const { path, content } of files) archive.entry({ name: path, mtime: TIME, mode: 0o644 }, Buffer.from(content));
  archive.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive) chunks.push(chunk as Uint8Array);
  const tar = Buffer.concat(chunks);
  return { blob: blob(await promisify(gzip)(tar, { level: 6 })), diffId: digestOf(tar) };
}

function baseFiles(): readonly File[] {
  const database = basePackages
    .map(({ name, version, origin }) => `P:${name}\nV:${version}\nA:x86_64\no:${origin ?? name}\n`)
    .join('\n');
  return [
    { path: 'etc/os-release', content: Buffer.from(osRelease) },
    { path: 'lib/apk/db/installed', content: Buffer.from(`${database}\n`) },
  ];
}

function appFiles(folder: string): readonly File[] {
  const own: File[] = [
    { path: 'app/index.js', content: Buffer.from("console.log('a sample: nothing is meant to run here');\n") },
  ];
  return [...own, ...packedFiles(folder)];
}

function packedFiles(folder: string): readonly File[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch (cause) {
    throw new LadingError('sample-not-installed', `the packages of the sample image are not in ${folder}`, {
      cause,
      hint: 'npm start installs them; by hand: npm ci --ignore-scripts --prefix infra/local/sample/app',
    });
  }
  const files: File[] = [];
  for (const name of names.map((one) => one.replaceAll('\\', '/')).sort()) {
    // npm's own bookkeeping differs between versions of npm, and the digests must not.
    if (name.startsWith('.')) continue;
    const content = readIfFile(join(folder, name));
    if (content) files.push({ path: `app/node_modules/${name}`, content });
  }
  return files;
}

function readIfFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EISDIR') return undefined;
    throw error;
  }
}
