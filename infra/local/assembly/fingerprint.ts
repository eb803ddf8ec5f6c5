import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What synthesis and bundles are made from; the local stack itself is not, but for this folder. */
const INPUTS = ['infra', 'functions', 'lib', 'package-lock.json', 'cdk.json', 'tsconfig.json'];
const LEFT_OUT = new Set(['infra/local', 'infra/launch', 'lib/cli']);

/** A hash over every file that the assembly depends on, and over what it is asked for. */
export async function fingerprint(root: string, request: unknown): Promise<string> {
  const hash = createHash('sha256');
  hash.update(JSON.stringify(request) ?? '');
  for (const input of INPUTS) await add(hash, root, input);
  await add(hash, import.meta.dirname, '.');
  return hash.digest('hex').slice(0, 32);
}

async function add(hash: ReturnType<typeof createHash>, root: string, path: string): Promise<void> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    const content = await readFile(join(root, path)).catch(() => undefined);
    hash.update(`\0${path}\0${content?.length ?? 'absent'}\0`).update(content ?? '');
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const below = path === '.' ? entry.name : `${path}/${entry.name}`;
    if (entry.name === 'node_modules' || entry.name.startsWith('.') || LEFT_OUT.has(below)) continue;
    await add(hash, root, below);
  }
}
