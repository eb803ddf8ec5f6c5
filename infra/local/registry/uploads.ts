import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../lib/core/clock.ts';
import { type Digest, isDigest } from '../../../lib/core/digest.ts';
import { isRepositoryName } from '../../../lib/core/image-reference.ts';
import { parseJsonStrict } from '../../../lib/core/json.ts';
import { OciError } from './errors.ts';
import { type OpenFile, removeFile } from './files.ts';
import { anySpace, type Space } from './space.ts';
import { createUpload, type Upload } from './upload.ts';
import type { HashAlgorithm } from './upload-file.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** An upload costs no file before its first byte, but it costs memory. */
const MAX_UPLOADS = 10_000;

const uploadNote = z.object({
  repository: z.string().refine(isRepositoryName),
  algorithm: z.enum(['sha256', 'sha512']),
  startedAt: z.number(),
  /** Of what a mirror fetches. */
  digest: z.custom<Digest>(isDigest).optional(),
});

export interface StartOptions {
  /** Room was taken for all of it already; otherwise each piece takes its own. */
  readonly hasSpace?: boolean;
  /** What it will be, where that is known from the start: it can be gone on with after a restart by that name. */
  readonly digest?: Digest;
}

/** The uploads in progress. They survive a restart from their first chunk on: bytes in `uploads/<id>`, note beside it. */
export interface Uploads {
  start(repository: string, algorithm: HashAlgorithm, options?: StartOptions): Upload;
  /** An upload belongs to its repository; from another one it is unknown. */
  find(repository: string, id: string): Upload | undefined;
  /** Ends the upload and removes its files. */
  discard(upload: Upload): Promise<void>;
  /** Start of the oldest upload of the repository, in ms: a lease on what was pushed beside it. Stale ones hold nothing. */
  oldestStart(repository: string, ttlMs: number): number | undefined;
  /** Discards uploads without a byte for `ttlMs`; tells how many and how many bytes. */
  sweep(ttlMs: number): Promise<{ readonly count: number; readonly bytes: number }>;
  /** What a mirror had begun to fetch before the last restart, by what it will be. */
  begun(): readonly { readonly upload: Upload; readonly digest: Digest }[];
  /** What `sweep` would remove. */
  stale(ttlMs: number): { readonly count: number; readonly bytes: number };
  usage(): { readonly count: number; readonly bytes: number };
  /** Closes files; the uploads can be resumed at the next start. */
  close(): Promise<void>;
}

export async function openUploads(options: {
  readonly directory: string;
  readonly open: OpenFile;
  readonly clock: Clock;
  readonly maxBytes: number;
  readonly space: () => Space;
}): Promise<Uploads> {
  const folder = join(options.directory, 'uploads');
  await mkdir(folder, { recursive: true });
  const now = (): number => options.clock.now().getTime();
  const uploads = new Map<string, Upload>();
  const notePath = (id: string): string => join(folder, `${id}.json`);

  const staleOnes = (ttlMs: number): readonly Upload[] =>
    [...uploads.values()].filter((upload) => !upload.busy() && upload.touchedAt() < now() - ttlMs);
  const add = (
    id: string,
    note: z.infer<typeof uploadNote>,
    left?: { readonly size: number; readonly at: number },
    { hasSpace = false }: StartOptions = {},
  ) => {
    const upload = createUpload({
      id,
      ...note,
      path: join(folder, id),
      offset: left?.size ?? 0,
      touchedAt: left?.at ?? now(),
      open: options.open,
      now,
      maxBytes: options.maxBytes,
      space: hasSpace ? () => anySpace : options.space,
      // Written before the first byte of a chunk: bytes without a note are swept at start.
      remember: () => writeFile(notePath(id), JSON.stringify(note)),
      forget: () => removeFile(notePath(id)),
    });
    uploads.set(id, upload);
    return upload;
  };
  const discard = async (upload: Upload): Promise<void> => {
    uploads.delete(upload.id);
    await upload.remove();
  };

  const begun: { readonly upload: Upload; readonly digest: Digest }[] = [];
  for (const leftover of await readLeftovers(folder)) {
    const { digest } = leftover.note;
    const upload = add(leftover.id, leftover.note, leftover, { hasSpace: digest !== undefined });
    if (digest !== undefined) begun.push({ upload, digest });
  }

  return {
    start(repository, algorithm, given) {
      if (uploads.size >= MAX_UPLOADS) {
        throw new OciError(
          429,
          'TOOMANYREQUESTS',
          `there are ${MAX_UPLOADS} uploads in progress; finish or cancel some`,
        );
      }
      const digest = given?.digest === undefined ? {} : { digest: given.digest };
      return add(randomUUID(), { repository, algorithm, startedAt: now(), ...digest }, undefined, given);
    },
    find(repository, id) {
      const upload = uploads.get(id);
      return upload?.repository === repository ? upload : undefined;
    },
    discard,
    begun: () => begun,
    oldestStart(repository, ttlMs) {
      let oldest: number | undefined;
      const stale = new Set(staleOnes(ttlMs));
      for (const upload of uploads.values()) {
        if (stale.has(upload)) continue;
        if (upload.repository === repository) oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, upload.startedAt);
      }
      return oldest;
    },
    async sweep(ttlMs) {
      const stale = staleOnes(ttlMs);
      const amount = amountOf(stale);
      for (const upload of stale) await discard(upload);
      return amount;
    },
    stale: (ttlMs) => amountOf(staleOnes(ttlMs)),
    usage: () => amountOf([...uploads.values()]),
    async close() {
      for (const upload of uploads.values()) await upload.file.close();
    },
  };
}

const amountOf = (uploads: readonly Upload[]): { readonly count: number; readonly bytes: number } => ({
  count: uploads.length,
  bytes: uploads.reduce((sum, each) => sum + each.offset(), 0),
});

interface Leftover {
  readonly id: string;
  readonly note: z.infer<typeof uploadNote>;
  readonly size: number;
  readonly at: number;
}

/** Uploads of an earlier run that can go on; everything else in the folder is removed. */
async function readLeftovers(folder: string): Promise<readonly Leftover[]> {
  const names = await readdir(folder);
  const found: Leftover[] = [];
  for (const id of names.filter((name) => UUID.test(name))) {
    try {
      const note = uploadNote.parse(parseJsonStrict(await readFile(join(folder, `${id}.json`))));
      const { size, mtimeMs } = await stat(join(folder, id));
      found.push({ id, note, size, at: mtimeMs });
    } catch {
      // No note, half a note, no bytes: the client starts over.
    }
  }
  const keep = new Set(found.flatMap(({ id }) => [id, `${id}.json`]));
  for (const name of names) if (!keep.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  return found;
}
