import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { uptime } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../../lib/core/errors.ts';

const FILE = 'in-use.lock';
const holder = z.object({ pid: z.number().int().positive(), bootedAt: z.number(), token: z.string() });

/** Folders held by this process: its own process id in a lock file means nothing unless the folder is among them. */
const held = new Set<string>();

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Holds a data folder for one process: two that append to one journal, or sweep each other's unfinished files, would
 * lose data. A lock whose process is gone, or that is from before the last boot, is taken over.
 *
 * @throws LadingError `folder-in-use`
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const at = resolve(folder);
  await mkdir(at, { recursive: true, mode: 0o700 });
  const path = join(at, FILE);
  const token = randomUUID();
  const content = JSON.stringify({ pid: process.pid, bootedAt: bootTime(), token });
  // Written aside and linked: the name never exists without its content, and linking fails if the name exists.
  const aside = join(at, `.${token}.lock`);
  await writeFile(aside, content, { mode: 0o600 });
  try {
    for (let attempt = 0; ; attempt++) {
      try {
        await link(aside, path);
        break;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
        if (attempt === 5 || (await isAlive(path, at))) throw inUse(at, path, error);
        await discard(path, at, token);
      }
    }
  } finally {
    await rm(aside, { force: true });
  }
  held.add(at);
  return {
    release: async () => {
      if (!held.delete(at)) return;
      await rm(path, { force: true });
    },
  };
}

const inUse = (folder: string, path: string, cause: unknown): LadingError =>
  new LadingError('folder-in-use', `another process is using the data folder ${folder}`, {
    cause,
    hint: `stop it, or choose another folder; if none is running, delete ${path}`,
  });

/** Moved, looked at again, then removed: meanwhile another process may have put its own living lock in that place. */
async function discard(path: string, folder: string, token: string): Promise<void> {
  const grave = `${path}.${token}`;
  await rename(path, grave).catch(() => undefined);
  if (await isAlive(grave, folder)) await link(grave, path).catch(() => undefined);
  await rm(grave, { force: true });
}

const bootTime = (): number => Math.round(Date.now() / 1000 - uptime());

async function isAlive(path: string, folder: string): Promise<boolean> {
  let found: z.infer<typeof holder>;
  try {
    found = holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return false;
  }
  if (Math.abs(found.bootedAt - bootTime()) > 60) return false;
  if (found.pid === process.pid) return held.has(folder);
  try {
    process.kill(found.pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
