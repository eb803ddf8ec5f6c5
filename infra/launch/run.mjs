#!/usr/bin/env node
// Runs the project's tasks under its own Node 24, whatever Node (20 or later) started this file. Plain JavaScript with
// nothing but built-in modules, since it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const modules = join(root, 'node_modules');

const tasks = {
  start: ['infra/local/start.ts'],
  test: ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/vitest.config.ts'],
  check: ['infra/launch/check.ts'],
  bench: ['test/bench/main.ts'],
  interop: ['test/interop/main.ts'],
  lading: ['lib/cli/main.ts'],
  deploy: ['infra/launch/deploy.ts'],
};

const [task, ...rest] = process.argv.slice(2);
if (!Object.hasOwn(tasks, task ?? '')) {
  console.error(`usage: npm run <${Object.keys(tasks).join('|')}> [-- arguments]`);
  process.exit(2);
}
install();
run(task, rest);

/** Installs what the lockfiles name, where that is not what is installed. */
function install() {
  installFolder(root, []);
  // The packages of the sample image are data, with known vulnerabilities: apart from ours, and their scripts never run.
  installFolder(join(root, 'infra', 'local', 'sample', 'app'), ['--ignore-scripts']);
}

function installFolder(folder, options) {
  const lockfile = join(folder, 'package-lock.json');
  const lock = createHash('sha256').update(readFileSync(lockfile)).digest('hex');
  const stamp = join(folder, 'node_modules', '.lading-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  // Somebody ran npm by hand: npm's own record is then newer than the lockfile.
  const record = join(folder, 'node_modules', '.package-lock.json');
  if (existsSync(record) && statSync(record).mtimeMs >= statSync(lockfile).mtimeMs) {
    writeFileSync(stamp, lock);
    return;
  }
  console.error(`Installing ${relative(process.cwd(), folder) || 'the dependencies'} (npm ci), once per lockfile …`);
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...options];
  const settings = { cwd: folder, stdio: ['ignore', 2, 2], env: { ...process.env, npm_config_engine_strict: 'false' } };
  const done =
    npm && /\.c?js$/.test(npm)
      ? spawnSync(process.execPath, [npm, ...args], settings)
      : spawnSync('npm', args, { ...settings, shell: process.platform === 'win32' });
  if (done.status !== 0) {
    console.error('npm ci failed (see above). Check the network and the free space, then run the same command again.');
    process.exit(2);
  }
  writeFileSync(stamp, lock);
}

/** The pinned Node of the platform's npm package, or the one that runs now if it is new enough. */
function findNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const binary = join(modules, name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  try {
    accessSync(binary, constants.X_OK);
    return binary;
  } catch {
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major > 24 || (major === 24 && minor >= 6)) return process.execPath;
    console.error(
      `Lading runs on Node 24.6 or later. This is Node ${process.versions.node}, and the package ${name}, which brings ` +
        'the right one, is not installed (npm was told to leave out optional packages, or there is none for this ' +
        'platform). Install Node 24 from your system or nodejs.org, or run npm ci without --omit=optional.',
    );
    process.exit(2);
  }
}

/** The command line as one bundle of today's sources, made at the first call; undefined where that does not work. */
function bundledCli(node) {
  const key = createHash('sha256');
  for (const name of readdirSync(join(root, 'lib'), { recursive: true }).sort()) {
    if (!name.endsWith('.ts')) continue;
    const { mtimeMs, size } = statSync(join(root, 'lib', name));
    key.update(`${name} ${mtimeMs} ${size}\n`);
  }
  const cache = join(modules, '.cache', 'lading', 'cli');
  const folder = join(cache, key.digest('hex').slice(0, 16));
  const main = join(folder, 'main.mjs');
  if (existsSync(main)) return main;
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache, { recursive: true });
  spawnSync(node, [join(root, 'infra', 'launch', 'bundle-cli.ts'), folder], { cwd: root, stdio: 'ignore' });
  return existsSync(main) ? main : undefined;
}

function run(name, args) {
  const node = findNode();
  const delimiter = process.platform === 'win32' ? ';' : ':';
  const path = [dirname(node), join(modules, '.bin'), process.env.PATH].filter(Boolean).join(delimiter);
  const [source, ...own] = tasks[name];
  const script = (name === 'lading' && bundledCli(node)) || source;
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', script, ...own, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path, LADING_CWD: process.env.INIT_CWD ?? process.cwd(), LADING_ROOT: root },
  });
  // The child is in the same process group and gets Ctrl-C itself; this one only waits for it to finish in order.
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
