#!/usr/bin/env node
// The `lading` command: the same launcher, with the task chosen. Plain JavaScript, as it runs before anything is
// installed. What is quick has a shorter way, since it takes less time than the launcher takes otherwise.
const short = new Map([
  ['sbom', 'sbom'],
  ['scan', 'scan'],
  ['pull', 'copy'],
  ['push', 'copy'],
  ['sign', 'trust'],
  ['attest', 'trust'],
  ['verify', 'trust'],
]).get(process.argv[2]);
if (short === undefined || !process.getBuiltinModule || !runShort(short)) {
  process.argv.splice(2, 0, 'lading');
  await import('./run.mjs');
}

/** Runs the bundle of that name if there is one of today's sources; false where there is none. */
function runShort(name) {
  const { dirname, join, delimiter } = process.getBuiltinModule('node:path');
  const { existsSync } = process.getBuiltinModule('node:fs');
  const root = join(import.meta.dirname, '..', '..');
  const modules = join(root, 'node_modules');
  const bundle = findBundle(root, join(modules, '.cache', 'lading', 'cli'), name);
  if (bundle === undefined) return false;
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const pinned = join(modules, `node-${platform}-${process.arch}`, 'bin', file);
  const [major, minor] = process.versions.node.split('.').map(Number);
  const isNew = major > 24 || (major === 24 && minor >= 6);
  if (!isNew && !existsSync(pinned)) return false;
  Object.assign(process.env, {
    LADING_CWD: process.env.INIT_CWD ?? process.cwd(),
    LADING_ROOT: root,
    PATH: [dirname(pinned), join(modules, '.bin'), process.env.PATH].filter(Boolean).join(delimiter),
  });
  process.chdir(root);
  if (isNew) {
    process.getBuiltinModule('node:module').createRequire(import.meta.url)(bundle);
  } else spawnNode(pinned, bundle);
  return true;
}

function findBundle(root, cache, name) {
  const { readdirSync, readFileSync, statSync } = process.getBuiltinModule('node:fs');
  const { join } = process.getBuiltinModule('node:path');
  try {
    const [made] = readdirSync(cache).filter((folder) => !folder.startsWith('.'));
    const inputs = JSON.parse(readFileSync(join(cache, made, `${name}-inputs.json`), 'utf8'));
    const current = inputs.every(([file, mtimeMs, size]) => {
      // Joined by hand: these are hundreds of files, at each start.
      const now = statSync(`${root}/${file}`);
      return now.mtimeMs === mtimeMs && now.size === size;
    });
    return current ? join(cache, made, `start-${name}.cjs`) : undefined;
  } catch {
    return undefined;
  }
}

/** The pinned Node, where the one that runs is too old. It is in the same process group, and gets Ctrl-C itself. */
function spawnNode(node, bundle) {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(node, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(signal ? 128 + 2 : (code ?? 1)));
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`);
    process.exit(2);
  });
}
