import { appendFile, readFile } from 'node:fs/promises';
import { isDigest } from '../../../../lib/core/digest.ts';
import type { ReleaseLog } from '../../../../lib/mirror/index.ts';
import { systemCode } from '../errors.ts';

/** Digests that were let out of quarantine, one a line. A line that was half written is no digest and is held again. */
export async function openReleaseFile(path: string): Promise<ReleaseLog> {
  const known = new Set((await readLines(path)).filter(isDigest));
  return {
    has: (digest) => known.has(digest),
    async record(digest) {
      if (known.has(digest)) return;
      known.add(digest);
      await appendFile(path, `${digest}\n`);
    },
  };
}

async function readLines(path: string): Promise<readonly string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}
