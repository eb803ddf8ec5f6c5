import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type EmbeddedRegistry, type RegistryEvent, startEmbeddedRegistry } from '../../infra/local/registry/index.ts';
import { type Digest, digestHex, digestOf } from '../../lib/core/digest.ts';

export type Run = (program: string, args: readonly string[], options?: RunOptions) => Promise<string>;
export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Return what it printed also where it ends with this code. */
  readonly expectCode?: number;
}

/** Runs other people's programs with `work` as their home, so that neither reads or leaves anything of the user's. */
export function runner({ tools, work }: { readonly tools: string; readonly work: string }): Run {
  const path = `${tools}${delimiter}${process.env['PATH'] ?? ''}`;
  const home = {
    HOME: work,
    XDG_RUNTIME_DIR: work,
    DOCKER_CONFIG: join(work, 'docker'),
    REGCTL_CONFIG: join(work, 'regctl.json'),
  };
  return async (program, args, { env = {}, cwd = work, expectCode = 0 } = {}) => {
    try {
      const { stdout } = await promisify(execFile)(program, args, {
        cwd,
        env: { PATH: path, ...home, ...env },
        maxBuffer: 64 * 1024 * 1024,
      });
      return stdout;
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
      if (code === expectCode && expectCode !== 0) return stdout;
      throw new Error(`${program} ${args.join(' ')} failed (${String(code)}): ${stderr.trim() || stdout.trim()}`, {
        cause: error,
      });
    }
  };
}

export interface Served {
  readonly registry: EmbeddedRegistry;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  readonly events: readonly RegistryEvent[];
}

/** Serves a registry for the length of `work`; a problem that it tells of fails the check. */
export async function withRegistry<T>(
  options: Omit<Parameters<typeof startEmbeddedRegistry>[0], 'onProblem'>,
  work: (served: Served) => Promise<T>,
): Promise<T> {
  const problems: unknown[] = [];
  const registry = await startEmbeddedRegistry({ ...options, onProblem: (error) => problems.push(error) });
  const events: RegistryEvent[] = [];
  registry.onEvent((event) => void events.push(event));
  try {
    const result = await work({ registry, host: `127.0.0.1:${registry.port}`, events });
    if (problems.length > 0) throw new Error(`the registry reported: ${problems.map(String).join('; ')}`);
    return result;
  } finally {
    await registry.close();
  }
}

export interface SampleImage {
  /** An OCI image layout whose `index.json` names the image `v1`. */
  readonly layout: string;
  readonly digest: Digest;
  readonly files: number;
}

/** Makes a small image of two layers in an OCI image layout. */
export async function makeImage(folder: string): Promise<SampleImage> {
  const blobs = join(folder, 'blobs', 'sha256');
  await mkdir(blobs, { recursive: true });
  const add = async (content: Buffer, mediaType: string) => {
    const digest = digestOf(content);
    await writeFile(join(blobs, digestHex(digest)), content);
    return { mediaType, digest, size: content.length };
  };
  const tars = [tarOf('etc/hello', 'hello\n'), tarOf('usr/share/large', 'x'.repeat(300_000))];
  const layers = await Promise.all(
    tars.map((tar) => add(gzipSync(tar), 'application/vnd.oci.image.layer.v1.tar+gzip')),
  );
  const config = await add(
    Buffer.from(
      JSON.stringify({
        created: '2026-01-01T00:00:00Z',
        architecture: 'amd64',
        os: 'linux',
        config: { Cmd: ['/bin/true'] },
        rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
        history: tars.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'lading interop' })),
      }),
    ),
    'application/vnd.oci.image.config.v1+json',
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await add(Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers })), mediaType);
  const annotations = { 'org.opencontainers.image.ref.name': 'v1' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { layout: folder, digest: manifest.digest, files: tars.length };
}

/** A tar archive (POSIX ustar) of one file. */
function tarOf(name: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`${'0'.repeat(11)}\0`, 136);
  header.write('        0ustar\u000000', 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const body = Buffer.from(content);
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([header, body, padding, Buffer.alloc(1024)]);
}
