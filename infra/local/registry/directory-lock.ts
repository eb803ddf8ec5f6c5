import { mkdir, open, readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';
import { systemCode } from './errors.ts';

const lockNote = z.object({ pid: z.number().int().positive(), start: z.string() });
const held = new Set<string>();

/**
 * Keeps a second registry off the same folder: each would write its own journal over the other's. A lock that its
 * process left behind (`kill -9`) is taken over.
 *
 * @throws LadingError `directory-in-use`, `directory-unusable`
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  try {
    await mkdir(directory, { recursive: true });
    const folder = await realpath(directory);
    if (held.has(folder)) throw inUse(folder);
    held.add(folder);
    const path = join(folder, 'lock');
    try {
      if (!(await take(path))) throw inUse(folder);
    } catch (error) {
      held.delete(folder);
      throw error;
    }
    return async () => {
      held.delete(folder);
      await rm(path, { force: true });
    };
  } catch (cause) {
    if (cause instanceof LadingError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LadingError('directory-unusable', `the registry cannot keep its data in ${directory}: ${why}`, { cause });
  }
}

const inUse = (folder: string): LadingError =>
  new LadingError('directory-in-use', `another running registry keeps its data in ${folder}`, {
    hint: 'stop it, or choose another folder',
  });

async function take(path: string): Promise<boolean> {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(JSON.stringify({ pid: process.pid, start: await startOf(process.pid) }));
      await handle.close();
      return true;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    if (await isHeld(path)) return false;
    await rm(path, { force: true });
  }
  return false;
}

async function readNote(path: string): Promise<z.infer<typeof lockNote> | undefined> {
  try {
    return lockNote.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}

async function isHeld(path: string): Promise<boolean> {
  let note = await readNote(path);
  if (!note) {
    // Another process may be between creating and writing it; if not, its writer died there.
    await setTimeout(100);
    note = await readNote(path);
  }
  if (!note) return false;
  // Not `held` by us, so a lock with our own number is of an earlier process (numbers repeat in containers).
  if (note.pid === process.pid) return false;
  try {
    process.kill(note.pid, 0);
  } catch (error) {
    if (systemCode(error) !== 'EPERM') return false;
  }
  return note.start === (await startOf(note.pid));
}

/** When a process began, where the system tells (Linux): a number alone may by now be another process's. */
async function startOf(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // proc(5): the name, field 2, is in brackets and may hold anything; start time is field 22.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
