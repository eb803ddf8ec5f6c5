import type { Dirent } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestAlgorithm, digestHex, isDigest } from '../../core/digest.ts';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { isRepositoryName, isTag } from '../../core/image-reference.ts';
import { MAX_MANIFEST_BYTES } from '../../formats/oci/index.ts';
import type { DistributionStorage, Link, StoredContent, Upload } from '../distribution/ports.ts';

/** What a content is called while it is out of the registry's sight; the registry looks for `data`. */
const CONDEMNED = 'lading-condemned';
const LAYOUT = ['docker', 'registry', 'v2'] as const;
const ALGORITHMS = ['sha256', 'sha512'] as const;
const MAX_LINK_BYTES = 200;

/**
 * The storage of distribution's file system driver (its `rootdirectory`, or the `docker/registry/v2` in it). Nothing that
 * is a symbolic link is followed, and names that are none of the layout's are left alone.
 *
 * @throws LadingError `storage-unknown` where the folder holds no such storage
 */
export async function openDistributionFolder(folder: string): Promise<DistributionStorage> {
  const root = await findRoot(folder);
  const blobFolder = (digest: Digest): string =>
    join(root, 'blobs', digestAlgorithm(digest), digestHex(digest).slice(0, 2), digestHex(digest));
  const linkFolder = (repository: string, { kind, digest }: Pick<Link, 'kind' | 'digest'>): string =>
    join(
      ...[root, 'repositories', ...repository.split('/')],
      ...(kind === 'revision' ? ['_manifests', 'revisions'] : ['_layers']),
      ...[digestAlgorithm(digest), digestHex(digest)],
    );
  return {
    repositories: () => repositoriesBelow(join(root, 'repositories'), ''),
    async *links(repository) {
      const base = join(root, 'repositories', ...repository.split('/'));
      yield* linksBelow(join(base, '_manifests', 'revisions'), 'revision');
      yield* linksBelow(join(base, '_layers'), 'layer');
    },
    async *tags(repository) {
      const base = join(root, 'repositories', ...repository.split('/'), '_manifests', 'tags');
      for (const { name } of await foldersOf(base)) {
        if (!isTag(name)) continue;
        const digest = await readLink(join(base, name, 'current', 'link'));
        if (digest !== undefined) yield { tag: name, digest };
      }
    },
    uploads: (repository) => uploadsBelow(join(root, 'repositories', ...repository.split('/'), '_uploads')),
    contents: () => contentsBelow(root, 'data'),
    async manifest(digest) {
      const folder = blobFolder(digest);
      const seen = await statOf(join(folder, 'data'));
      // Whether something that was hidden is needed is told by what it needs itself.
      const found = seen ?? (await statOf(join(folder, CONDEMNED)));
      if (found === undefined) return undefined;
      const file = join(folder, seen ? 'data' : CONDEMNED);
      if (found.size > MAX_MANIFEST_BYTES) {
        throw new LimitExceededError('manifest-bytes', `the manifest ${digest} has ${found.size} bytes`);
      }
      return readSmall(file, found.size);
    },
    async putLink(repository, one) {
      const path = linkFolder(repository, one);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'link'), one.digest);
    },
    async removeLink(repository, one) {
      await rm(linkFolder(repository, one), { recursive: true, force: true });
      if (one.kind === 'revision') await removeFromTags(root, repository, one.digest);
    },
    removeUpload: (repository, id) =>
      rm(join(root, 'repositories', ...repository.split('/'), '_uploads', id), { recursive: true, force: true }),
    async condemn(digest) {
      const path = blobFolder(digest);
      return rename(join(path, 'data'), join(path, CONDEMNED)).then(
        () => true,
        (error: unknown) => absent(error, false),
      );
    },
    async reprieve(digest) {
      const path = blobFolder(digest);
      const bytes = (await statOf(join(path, CONDEMNED)))?.size ?? 0;
      // A link fails where there is a file again; a rename would replace it.
      const isBack = await link(join(path, CONDEMNED), join(path, 'data')).then(
        () => true,
        (error: unknown) => {
          if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error;
          return false;
        },
      );
      await unlink(join(path, CONDEMNED)).catch((error: unknown) => absent(error, undefined));
      return isBack ? 0 : bytes;
    },
    async execute(digest) {
      const file = join(blobFolder(digest), CONDEMNED);
      const bytes = (await statOf(file))?.size ?? 0;
      await rm(file, { force: true });
      // The folder stays: a push may just have made it for its own file.
      return bytes;
    },
    async *condemned() {
      for await (const { digest } of contentsBelow(root, CONDEMNED)) yield digest;
    },
  };
}

async function findRoot(folder: string): Promise<string> {
  for (const root of [join(folder, ...LAYOUT), folder]) {
    const names = new Set((await foldersOf(root)).map(({ name }) => name));
    if (names.has('blobs') && names.has('repositories')) return root;
  }
  throw new LadingError('storage-unknown', `${folder} holds no storage of a distribution registry`, {
    hint: 'name the folder that is its storage.filesystem.rootdirectory',
  });
}

async function* repositoriesBelow(folder: string, prefix: string): AsyncGenerator<string> {
  const folders = await foldersOf(folder);
  const isRepository = folders.some(({ name }) => ['_manifests', '_layers', '_uploads'].includes(name));
  if (isRepository && isRepositoryName(prefix)) yield prefix;
  for (const { name } of folders) {
    const below = prefix === '' ? name : `${prefix}/${name}`;
    // Also ends the descent: names have at most 255 characters.
    if (!name.startsWith('_') && isRepositoryName(below)) yield* repositoriesBelow(join(folder, name), below);
  }
}

async function* linksBelow(folder: string, kind: Link['kind']): AsyncGenerator<Link> {
  for (const algorithm of ALGORITHMS) {
    for (const { name } of await foldersOf(join(folder, algorithm))) {
      const named = `${algorithm}:${name}`;
      if (!isDigest(named)) continue;
      const file = join(folder, algorithm, name, 'link');
      const found = await statOf(file);
      const digest = found && (await readLink(file));
      if (found === undefined || digest === undefined) continue;
      // One that names another digest is none that we know how to remove: what it names is as young as can be.
      yield { kind, digest, writtenAt: digest === named ? found.mtimeMs : Number.POSITIVE_INFINITY };
    }
  }
}

async function* uploadsBelow(folder: string): AsyncGenerator<Upload> {
  for (const { name } of await foldersOf(folder)) {
    const files = await Promise.all(['data', 'startedat'].map((file) => statOf(join(folder, name, file))));
    const times = files.flatMap((file) => file?.mtimeMs ?? []);
    if (times.length === 0) continue;
    yield { id: name, bytes: files[0]?.size ?? 0, startedAt: Math.min(...times), writtenAt: Math.max(...times) };
  }
}

async function* contentsBelow(root: string, file: string): AsyncGenerator<StoredContent> {
  for (const algorithm of ALGORITHMS) {
    const base = join(root, 'blobs', algorithm);
    for (const { name: start } of await foldersOf(base)) {
      for (const { name } of await foldersOf(join(base, start))) {
        const digest = `${algorithm}:${name}`;
        if (!isDigest(digest) || !name.startsWith(start)) continue;
        const found = await statOf(join(base, start, name, file));
        if (found) yield { digest, bytes: found.size, writtenAt: found.mtimeMs };
      }
    }
  }
}

/** The history of tags also names revisions. */
async function removeFromTags(root: string, repository: string, digest: Digest): Promise<void> {
  const base = join(root, 'repositories', ...repository.split('/'), '_manifests', 'tags');
  for (const { name } of await foldersOf(base)) {
    const path = join(base, name, 'index', digestAlgorithm(digest), digestHex(digest));
    await rm(path, { recursive: true, force: true });
  }
}

const foldersOf = async (path: string): Promise<readonly Dirent[]> => {
  const found = await readdir(path, { withFileTypes: true }).catch((error: unknown) => absent(error, []));
  return found.filter((entry) => entry.isDirectory());
};

/** Undefined where there is none, or it is no plain file. */
async function statOf(path: string): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  const found = await lstat(path).catch((error: unknown) => absent(error, undefined));
  return found?.isFile() ? found : undefined;
}

async function readLink(file: string): Promise<Digest | undefined> {
  const bytes = (await statOf(file)) && (await readSmall(file, MAX_LINK_BYTES));
  const text = bytes?.toString('utf8').trim();
  return isDigest(text) ? text : undefined;
}

async function readSmall(file: string, most: number): Promise<Buffer | undefined> {
  const handle = await open(file).catch((error: unknown) => absent(error, undefined));
  if (handle === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(most), 0, most, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A registry at work removes files while they are looked at. */
function absent<T>(error: unknown, otherwise: T): T {
  if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return otherwise;
  throw error;
}
