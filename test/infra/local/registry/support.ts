import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type EmbeddedRegistry,
  type EmbeddedRegistryOptions,
  startEmbeddedRegistry,
} from '../../../../infra/local/registry/index.ts';
import { type Digest, digestOf } from '../../../../lib/core/digest.ts';

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lading-registry-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A registry for one test, with the problems it told of. */
export async function startRegistry(
  options: Partial<EmbeddedRegistryOptions> = {},
): Promise<{ registry: EmbeddedRegistry; directory: string; problems: unknown[]; client: Client }> {
  const directory = options.directory ?? (await temporaryFolder());
  const problems: unknown[] = [];
  const onProblem = (error: unknown): void => void problems.push(error);
  const registry = await startEmbeddedRegistry({ onProblem, ...options, directory });
  onTestFinished(() => registry.close());
  return { registry, directory, problems, client: clientOf(registry.port) };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The codes of `errors`, or an empty list. */
  readonly codes: readonly string[];
}

export type Client = (
  method: string,
  path: string,
  options?: { readonly body?: Uint8Array | string; readonly headers?: Readonly<Record<string, string>> },
) => Promise<Answer>;

/** Sends the path as it is given: `fetch` would straighten `..` before it reaches the server. */
export function clientOf(port: number): Client {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  return (method, path, { body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const sent = request({
        host: '127.0.0.1',
        port,
        method,
        path,
        agent,
        headers: { ...lengthOf(body, headers), ...headers },
      });
      sent.on('error', reject);
      sent.on('response', (response) => {
        const pieces: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const whole = Buffer.concat(pieces);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: whole, codes: codesOf(whole) });
        });
      });
      sent.end(body);
    });
}

function lengthOf(
  body: Uint8Array | string | undefined,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  if ('transfer-encoding' in headers) return {};
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
}

function codesOf(body: Buffer): readonly string[] {
  try {
    const parsed = JSON.parse(body.toString()) as { errors?: readonly { code: string }[] };
    return parsed.errors?.map(({ code }) => code) ?? [];
  } catch {
    return [];
  }
}

export const sha512Of = (content: Uint8Array | string): Digest =>
  `sha512:${createHash('sha512').update(content).digest('hex')}`;

export async function pushBlob(client: Client, repository: string, content: Uint8Array | string): Promise<Digest> {
  const digest = digestOf(content);
  const answer = await client('POST', `/v2/${repository}/blobs/uploads/?digest=${digest}`, { body: content });
  if (answer.status !== 201) throw new Error(`pushing a blob: ${answer.status} ${answer.body}`);
  return digest;
}

export interface Pushed {
  readonly digest: Digest;
  readonly bytes: string;
  readonly blobs: readonly Digest[];
}

export function imageManifest(
  config: { readonly digest: Digest; readonly size: number; readonly mediaType?: string },
  layers: readonly { readonly digest: Digest; readonly size: number; readonly mediaType?: string }[],
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, ...config },
    layers: layers.map((layer) => ({ mediaType: OCI_LAYER, ...layer })),
    ...more,
  });
}

/** Pushes a small image of one layer; `more` are further members of its manifest. */
export async function pushImage(
  client: Client,
  repository: string,
  reference: string | undefined,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Pushed> {
  const layer = randomBytes(300);
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', id: randomBytes(8).toString('hex') });
  const blobs = [await pushBlob(client, repository, config), await pushBlob(client, repository, layer)] as const;
  const bytes = imageManifest(
    { digest: blobs[0], size: Buffer.byteLength(config) },
    [{ digest: blobs[1], size: layer.length }],
    more,
  );
  const digest = digestOf(bytes);
  const answer = await pushManifest(client, repository, reference ?? digest, bytes);
  if (answer.status !== 201) throw new Error(`pushing a manifest: ${answer.status} ${answer.body}`);
  return { digest, bytes, blobs };
}

export const pushManifest = (
  client: Client,
  repository: string,
  reference: string,
  bytes: string | Uint8Array,
  mediaType: string = OCI_MANIFEST,
): Promise<Answer> =>
  client('PUT', `/v2/${repository}/manifests/${reference}`, { body: bytes, headers: { 'content-type': mediaType } });

/** Every file under `blobs/` whose content is not what its name says. */
export async function brokenBlobs(directory: string): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const algorithm of ['sha256', 'sha512']) {
    for (const name of await readdir(join(directory, 'blobs', algorithm))) {
      const content = await readFile(join(directory, 'blobs', algorithm, name));
      if (createHash(algorithm).update(content).digest('hex') !== name) broken.push(`${algorithm}:${name}`);
    }
  }
  return broken;
}
