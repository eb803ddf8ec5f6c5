import { randomUUID } from 'node:crypto';
import { writev } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Digest, digestOf, isDigest } from '../../../core/digest.ts';
import { blobsOf, isManifestType, type Manifest, OCI_IMAGE_INDEX, parseManifest } from '../../../formats/oci/index.ts';
import { parseReferrer } from '../../attach-referrer.ts';
import { registryError } from '../../errors.ts';
import type { BlobContent, RegistryReader, RegistryWriter } from '../../ports.ts';
import { checkContent, openContent } from '../../verify-content.ts';
import { addManifest, removeDigest, removeName } from './edit-index.ts';
import { type LayoutEntry, namesOf } from './layout-index.ts';
import { blobFile } from './layout-reader.ts';

export interface LayoutWriterOptions {
  readonly directory: string;
  readonly repository: string;
  readonly reader: RegistryReader;
  readonly entries: () => Promise<readonly LayoutEntry[]>;
  readonly durable: boolean;
}

/**
 * Writes an OCI image layout. A file gets its name only when it is whole and, if it is to be durable, on the disk, so a
 * crash leaves at most an upload that nobody asks for. One process writes a layout at a time: `index.json` is replaced as a whole.
 */
export function createLayoutWriter(options: LayoutWriterOptions): RegistryWriter {
  const { directory, repository, reader, durable } = options;
  let last: Promise<unknown> = Promise.resolve();
  const change = (edit: (entries: readonly LayoutEntry[]) => readonly LayoutEntry[]): Promise<void> => {
    const run = async (): Promise<void> => writeIndex(directory, edit(await options.entries()), durable);
    const mine = last.then(run, run);
    last = mine.catch(() => undefined);
    return mine;
  };
  const requireHere = (name: string): void => {
    if (name === repository) return;
    throw registryError('repository-unknown', `the layout holds the repository "${repository}", not "${name}"`);
  };
  const put = async (bytes: Uint8Array, mediaType: string, reference: string): Promise<Manifest> => {
    const digest = isDigest(reference) ? reference : digestOf(bytes);
    const manifest = parseManifest(bytes, mediaType, { digest });
    await requireParts(manifest, reader, repository);
    await writeBlob(directory, { digest, size: bytes.length, content: bytes }, durable);
    await change((entries) => addManifest(entries, manifest, isDigest(reference) ? undefined : reference));
    return manifest;
  };

  return {
    host: reader.host,
    async putBlob({ repository: name, ...blob }) {
      requireHere(name);
      await writeBlob(directory, blob, durable);
    },
    mountBlob: async (to) => (await reader.headBlob({ ...to, repository: to.from })) !== undefined,
    async putManifest({ repository: name, reference, mediaType, bytes }) {
      requireHere(name);
      return { digest: (await put(bytes, mediaType, reference)).digest };
    },
    async attachReferrer({ repository: name, mediaType, bytes }) {
      const { digest } = parseReferrer({ mediaType, bytes });
      requireHere(name);
      await put(bytes, mediaType, digest);
      return { digest, via: 'api' };
    },
    async deleteManifest({ repository: name, digest }) {
      if ((await reader.headManifest({ repository: name, reference: digest })) === undefined) return false;
      await change((entries) => removeDigest(entries, digest));
      await unlink(join(directory, blobFile(digest)));
      return true;
    },
    async deleteTag({ repository: name, tag }) {
      if (name !== repository) return false;
      const found = (await options.entries()).find((e) => namesOf(e.descriptor).includes(tag));
      if (found !== undefined) await change((entries) => removeName(entries, tag));
      return found !== undefined;
    },
  };
}

async function requireParts(manifest: Manifest, reader: RegistryReader, repository: string): Promise<void> {
  const parts = manifest.kind === 'index' ? manifest.manifests : blobsOf(manifest);
  for (const part of parts) {
    const isThere = isManifestType(part.mediaType)
      ? await reader.headManifest({ repository, reference: part.digest })
      : (part.urls ?? []).length > 0 || (await reader.headBlob({ repository, digest: part.digest }));
    if (isThere) continue;
    throw registryError('registry-refused', `the manifest ${manifest.digest} names ${part.digest}, which is not there`);
  }
}

async function writeBlob(
  directory: string,
  blob: { readonly digest: Digest; readonly size: number; readonly content: BlobContent },
  durable: boolean,
): Promise<void> {
  if (!isDigest(blob.digest)) throw registryError('registry-refused', 'a blob needs a sha256 or sha512 digest');
  await writeWhole(
    directory,
    blobFile(blob.digest),
    checkContent(openContent(blob.content, { lend: true }), blob),
    durable,
  );
}

/** Atomic: a new file beside the others, forced to the disk where it is to be durable, then given its name. */
async function writeWhole(
  directory: string,
  path: string,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  durable: boolean,
): Promise<void> {
  const target = join(directory, path);
  const draft = join(directory, `.upload-${randomUUID()}`);
  await mkdir(dirname(target), { recursive: true });
  try {
    const file = await open(draft, 'wx');
    try {
      await writePieces(file, content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Whoever gives small pieces would have each of them go a round through the thread pool. */
const GATHERED_BYTES = 64 * 1024;

async function writePieces(file: FileHandle, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  const small = Buffer.allocUnsafeSlow(GATHERED_BYTES);
  let gathered = 0;
  for await (const piece of content) {
    if (gathered + piece.length <= GATHERED_BYTES) {
      small.set(piece, gathered);
      gathered += piece.length;
      continue;
    }
    await writeAll(file, [small.subarray(0, gathered), piece]);
    gathered = 0;
  }
  await writeAll(file, [small.subarray(0, gathered)]);
}

/** By callback: it takes a third of the steps that the handle's promises take. */
function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  const rest = pieces.filter(({ length }) => length > 0);
  if (rest.length === 0) return Promise.resolve();
  return new Promise((resolve, reject) => {
    writev(file.fd, rest, (error, written) => {
      if (error) reject(error);
      else resolve(writeAll(file, skip(rest, written)));
    });
  });
}

function skip(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  return pieces.map((piece) => {
    const taken = Math.min(left, piece.length);
    left -= taken;
    return piece.subarray(taken);
  });
}

export const writeIndex = (directory: string, entries: readonly LayoutEntry[], durable: boolean): Promise<void> =>
  writeWhole(
    directory,
    'index.json',
    [
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: OCI_IMAGE_INDEX,
          manifests: entries.map((entry) => entry.raw),
        }),
      ),
    ],
    durable,
  );

export const writeLayoutMark = (directory: string, durable: boolean): Promise<void> =>
  writeWhole(directory, 'oci-layout', [Buffer.from(JSON.stringify({ imageLayoutVersion: '1.0.0' }))], durable);
