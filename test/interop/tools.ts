import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** How a program comes here that is not on PATH. Versions are pinned; nothing is fetched but by package name. */
type Recipe =
  | { readonly kind: 'go'; readonly package: string; readonly version: string }
  /** A main package inside of a module that cannot be installed by name: it is copied out of the module cache. */
  | { readonly kind: 'go-copy'; readonly module: string; readonly version: string }
  /** A small program of our own, on a library of others. */
  | { readonly kind: 'go-own'; readonly folder: string }
  /** A program of Python packages, which share one environment; `script` is one of theirs, else it is their Python. */
  | { readonly kind: 'python'; readonly script?: string }
  | { readonly kind: 'debian'; readonly package: string };

const recipes: Readonly<Record<string, Recipe>> = {
  crane: { kind: 'go', package: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' },
  cosign: { kind: 'go', package: 'github.com/sigstore/cosign/v3/cmd/cosign', version: 'v3.1.3' },
  oras: { kind: 'go', package: 'oras.land/oras/cmd/oras', version: 'latest' },
  regctl: { kind: 'go', package: 'github.com/regclient/regclient/cmd/regctl', version: 'latest' },
  'oci-conformance': {
    kind: 'go-copy',
    module: 'github.com/opencontainers/distribution-spec/conformance',
    version: 'v0.0.0-20260831232431-97274622c111',
  },
  // The module of the notation command is not served; the library that it is made of is.
  'notary-data': { kind: 'go-own', folder: 'notary-data' },
  'notation-check': { kind: 'go-own', folder: 'notation-check' },
  // The same program, of the time since it knows AWS Signer: an older one may be in the cache.
  'notation-signer-check': { kind: 'go-own', folder: 'notation-check' },
  grype: { kind: 'go', package: 'github.com/anchore/grype/cmd/grype', version: 'v0.121.2' },
  'sbom-python': { kind: 'python' },
  'ntia-checker': { kind: 'python', script: 'ntia-checker' },
  skopeo: { kind: 'debian', package: 'skopeo' },
  'docker-registry': { kind: 'debian', package: 'docker-registry' },
};

/** What holds SBOMs against the definitions of their formats. */
const PYTHON_PACKAGES = [
  'cyclonedx-python-lib[validation]==11.12.0',
  'spdx-tools==0.8.5',
  'spdx-python-model==0.0.6',
  'ntia-conformance-checker==6.0.0',
];

/** Kept between runs: building cosign takes minutes. */
export const toolsFolder = (): string =>
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lading', 'tools', 'bin');

export function find(program: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), toolsFolder(), '/usr/sbin']) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Where the program is, after building it if need be; or why it is absent. */
export function provide(program: string, build: boolean): { readonly path: string } | { readonly absent: string } {
  const found = find(program);
  if (found) return { path: found };
  const recipe = recipes[program];
  if (!recipe) return { absent: 'not on PATH, and there is no recipe for it' };
  if (recipe.kind === 'debian') return { absent: `not on PATH; Debian has it: apt-get install ${recipe.package}` };
  if (!build) return { absent: 'not on PATH, and --no-build was given' };
  if (recipe.kind === 'python') return providePython(program, recipe.script);
  if (!find('go')) return { absent: 'not on PATH, and building it needs go' };
  console.log(`building ${program} into ${toolsFolder()} …`);
  mkdirSync(toolsFolder(), { recursive: true });
  const problem = buildWithGo(program, recipe);
  const built = find(program);
  return built ? { path: built } : { absent: `could not be built: ${problem ?? 'no binary came out'}` };
}

/** An environment of its own beside the tools; what is called is a small script, since a link would not find its packages. */
function providePython(program: string, script = 'python'): { readonly path: string } | { readonly absent: string } {
  const environment = join(toolsFolder(), '..', 'python');
  const problem = attempt(() => {
    if (!existsSync(join(environment, 'bin', script))) {
      console.log(`installing ${PYTHON_PACKAGES.join(', ')} into ${environment} …`);
      call('python3', ['-m', 'venv', environment]);
      call(join(environment, 'bin', 'pip'), ['install', '-q', ...PYTHON_PACKAGES]);
    }
    mkdirSync(toolsFolder(), { recursive: true });
    const path = join(toolsFolder(), program);
    writeFileSync(path, `#!/bin/sh\nexec '${join(environment, 'bin', script)}' "$@"\n`, { mode: 0o755 });
  });
  const found = find(program);
  return found ? { path: found } : { absent: `could not be installed: ${problem}` };
}

function call(program: string, args: readonly string[]): void {
  const done = spawnSync(program, args, { encoding: 'utf8' });
  if (done.status !== 0) fail(`${program} ${args.join(' ')}: ${(done.stderr ?? String(done.error)).slice(-400)}`);
}

function go(args: readonly string[], folder: string, environment: Record<string, string> = {}): string {
  const done = spawnSync('go', args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, CGO_ENABLED: '0', ...environment },
  });
  return done.status === 0 ? done.stdout.trim() : fail(`go ${args.join(' ')}: ${done.stderr.slice(-400)}`);
}

function fail(message: string): never {
  throw new Error(message);
}

function attempt(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const goInstall = (recipe: { readonly package: string; readonly version: string }): string | undefined =>
  attempt(() => {
    go(['install', '-ldflags=-s', `${recipe.package}@${recipe.version}`], tmpdir(), { GOBIN: toolsFolder() });
  });

function buildWithGo(
  program: string,
  recipe: Exclude<Recipe, { readonly kind: 'debian' | 'python' }>,
): string | undefined {
  if (recipe.kind === 'go') return goInstall(recipe);
  return recipe.kind === 'go-copy' ? goCopy(program, recipe) : goOwn(program, recipe.folder);
}

const goOwn = (program: string, folder: string): string | undefined =>
  attempt(() => {
    go(['build', '-ldflags=-s', '-o', join(toolsFolder(), program), '.'], join(import.meta.dirname, folder));
  });

function goCopy(program: string, recipe: { readonly module: string; readonly version: string }): string | undefined {
  const work = mkdtempSync(join(tmpdir(), 'lading-tool-'));
  const problem = attempt(() => {
    go(['mod', 'init', 'lading.test/tool'], work);
    go(['get', `${recipe.module}@${recipe.version}`], work);
    const source = go(['list', '-m', '-f', '{{.Dir}}', recipe.module], work);
    const copy = join(work, 'copy');
    cpSync(source, copy, { recursive: true });
    makeWritable(copy);
    go(['build', '-o', join(toolsFolder(), program), '.'], copy);
  });
  rmSync(work, { recursive: true, force: true });
  return problem;
}

/** Go's module cache is read-only, and so is what is copied out of it. */
function makeWritable(folder: string): void {
  if (!existsSync(folder)) return;
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeWritable(path);
    else chmodSync(path, 0o644);
  }
}
