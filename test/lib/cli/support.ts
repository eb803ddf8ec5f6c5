import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished, vi } from 'vitest';
import { type StackFile, stackFileOf } from '../../../lib/cli/connection.ts';
import { runProgram } from '../../../lib/cli/program.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import {
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
  OCI_LAYER_GZIP,
} from '../../../lib/formats/oci/index.ts';
import { LAYOUT_REPOSITORY, openOciLayout } from '../../../lib/registry/adapters/oci-layout.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { type TarEntryInput, tarArchive } from '../../support/tar-writer.ts';

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lading-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process, as if called from the folder, with caches of its own. */
export async function lading(args: readonly string[], folder: string): Promise<CliResult> {
  const parts = { out: '', err: '' };
  const capture = (name: 'out' | 'err') => (chunk: unknown) => {
    parts[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8');
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(capture('out'));
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(capture('err'));
  vi.stubEnv('LADING_CWD', folder);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'cache'));
  vi.stubEnv('DOCKER_CONFIG', join(folder, 'docker'));
  vi.stubEnv('REGISTRY_AUTH_FILE', '');
  vi.stubEnv('XDG_RUNTIME_DIR', '');
  vi.stubEnv('LADING_API', '');
  try {
    const code = await runProgram([...args]);
    return { code, ...parts };
  } finally {
    out.mockRestore();
    err.mockRestore();
    vi.unstubAllEnvs();
    process.exitCode = undefined;
  }
}

const APK = (packages: Readonly<Record<string, string>>): string =>
  Object.entries(packages)
    .map(([name, version]) => `P:${name}\nV:${version}\nA:x86_64\nL:MIT\n`)
    .join('\n');

/** Files of a small Alpine system with these packages. */
export const alpineFiles = (packages: Readonly<Record<string, string>>): readonly TarEntryInput[] => [
  { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.10.2\nPRETTY_NAME="Alpine Linux v3.10"\n' },
  { path: 'lib/apk/db/installed', content: APK(packages) },
];

export interface MadeImage {
  readonly digest: Digest;
  readonly descriptor: Readonly<Record<string, unknown>>;
}

export interface ImageOptions {
  readonly tag?: string;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  /** Left out of the index entry. */
  readonly unnamed?: boolean;
  readonly layer?: Uint8Array;
}

const LINUX = { os: 'linux', architecture: 'amd64' } as const;

/** Writes images into a layout, or any registry. */
export function imageWriter(registry: Registry, repository: string = LAYOUT_REPOSITORY) {
  const putBlob = async (bytes: Uint8Array): Promise<Digest> => {
    const digest = digestOf(bytes);
    await registry.putBlob({ repository, digest, size: bytes.length, content: bytes });
    return digest;
  };
  const putManifest = async (mediaType: string, content: unknown, tag?: string) => {
    const bytes = Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes });
    return { digest, size: bytes.length, mediaType };
  };
  return {
    async image(files: readonly TarEntryInput[], options: ImageOptions = {}): Promise<MadeImage> {
      const { platform = LINUX } = options;
      const tar = tarArchive(files);
      const layer = options.layer ?? gzipSync(tar);
      const config = Buffer.from(
        JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [digestOf(tar)] }, config: {} }),
      );
      const made = await putManifest(
        OCI_IMAGE_MANIFEST,
        {
          ...{ schemaVersion: 2, mediaType: OCI_IMAGE_MANIFEST },
          config: { mediaType: OCI_IMAGE_CONFIG, digest: await putBlob(config), size: config.length },
          layers: [{ mediaType: OCI_LAYER_GZIP, digest: await putBlob(layer), size: layer.length }],
        },
        options.tag,
      );
      return { digest: made.digest, descriptor: { ...made, ...(options.unnamed ? {} : { platform }) } };
    },
    async index(children: readonly MadeImage[], tag?: string): Promise<MadeImage> {
      const manifests = children.map(({ descriptor }) => descriptor);
      const made = await putManifest(OCI_IMAGE_INDEX, { schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }, tag);
      return { digest: made.digest, descriptor: made };
    },
  };
}

/** A new layout in `images` of the folder. */
export async function layoutIn(folder: string) {
  const directory = join(folder, 'images');
  const registry = await openOciLayout({ directory, create: true });
  return { directory, registry, ...imageWriter(registry) };
}

/** What a running local stack writes, with this process as the stack. */
export function writeStackFile(folder: string, content: Partial<StackFile>): string {
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const stack: StackFile = {
    ...{ pid: process.pid, api: 'http://127.0.0.1:1', endpoint: 'http://127.0.0.1:1', region: 'eu-central-1' },
    registries: [],
    ...content,
  };
  writeFileSync(stackFileOf(data), JSON.stringify(stack));
  return data;
}
