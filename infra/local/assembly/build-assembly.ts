import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LadingError } from '../../../lib/core/errors.ts';
import type { StackTemplate } from '../template/model.ts';
import { bundleFunctions } from './bundle-functions.ts';
import { fingerprint } from './fingerprint.ts';
import { type DefaultEnvironment, readAssembly } from './read-assembly.ts';
import { synthesize } from './synthesize.ts';

export interface AssemblyOptions {
  /** The folder that holds infra/, functions/ and lib/. */
  readonly root: string;
  /** Holds one folder per assembly, named by the hash of what it was made from. */
  readonly cacheDir: string;
  /** @default infra/app.ts */
  readonly app?: string;
  /** Context over that of cdk.json. */
  readonly context?: Readonly<Record<string, unknown>>;
  readonly defaults?: DefaultEnvironment;
}

export interface Assembly {
  readonly stacks: readonly StackTemplate[];
  /** Holds `<function>/index.mjs`. */
  readonly bundles: string;
  /** True where nothing had to be built. */
  readonly cached: boolean;
}

export const LOCAL_ENVIRONMENT: DefaultEnvironment = { region: 'eu-central-1', accountId: '000000000000' };

const DONE = 'done.json';
const KEEP = 3;
/** Another process may run out of a shared cache for long: what was used so lately is not removed. Milliseconds. */
const LATELY_MS = 3_600_000;

/**
 * Bundles the functions, synthesizes the CDK app and reads the templates; or takes them from the cache where nothing
 * has changed. An assembly is made aside and put in place whole.
 *
 * @throws LadingError `dependencies-missing`, `bundle-failed`, `synth-failed`, `assembly-invalid`, `no-space`
 */
export async function buildAssembly(options: AssemblyOptions): Promise<Assembly> {
  const { root, cacheDir, app = 'infra/app.ts', context = {}, defaults = LOCAL_ENVIRONMENT } = options;
  const folder = join(cacheDir, await fingerprint(root, { app, context, node: process.version }));
  const cached = await isDone(folder);
  if (cached) await utimes(folder, new Date(), new Date());
  else {
    await build({ root, cacheDir, app, context }, folder).catch((error: unknown) => {
      throw isFull(error) ? noSpace(cacheDir, error) : error;
    });
  }
  if (!cached) await prune(cacheDir);
  const stacks = await readAssembly(join(folder, 'cdk.out'), defaults);
  return { stacks, bundles: join(folder, 'bundles'), cached };
}

async function build(
  { root, cacheDir, app, context }: Required<Omit<AssemblyOptions, 'defaults'>>,
  folder: string,
): Promise<void> {
  const aside = join(cacheDir, `.${randomUUID()}`);
  await mkdir(aside, { recursive: true });
  try {
    const bundles = await bundleFunctions(root, join(aside, 'bundles'));
    await synthesize({
      root,
      app,
      // The bundles are used where they lie: copying thousands of small files takes longer than all the rest.
      context: { ...context, 'aws:cdk:disable-asset-staging': true },
      outdir: join(aside, 'cdk.out'),
      bundles: bundles.folder,
      compileCache: join(cacheDir, 'compile-cache'),
    });
    await relocate(join(aside, 'cdk.out'), aside);
    await writeFile(join(aside, DONE), JSON.stringify({ functions: bundles.names }));
    await rename(aside, folder).catch(async () => {
      // Another process made the same one meanwhile, and may run out of it already; or one was removed only in part.
      if (await isDone(folder)) return;
      await rm(folder, { recursive: true, force: true });
      await rename(aside, folder);
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** What is not staged is named by its whole path; seen from the cloud assembly, it can be moved with the folder of both. */
async function relocate(cloudAssembly: string, from: string): Promise<void> {
  for (const name of await readdir(cloudAssembly)) {
    if (!name.endsWith('.assets.json')) continue;
    const manifest = await readFile(join(cloudAssembly, name), 'utf8');
    await writeFile(join(cloudAssembly, name), manifest.replaceAll(from, '..'));
  }
}

async function isDone(folder: string): Promise<boolean> {
  return await readFile(join(folder, DONE)).then(
    () => true,
    () => false,
  );
}

/** Keeps the assemblies used last, and removes what a killed process left unfinished an hour ago or more. */
async function prune(cacheDir: string): Promise<void> {
  const entries = await readdir(cacheDir, { withFileTypes: true });
  const dated: { path: string; unfinished: boolean; usedAt: number }[] = [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    if (name === 'compile-cache') continue;
    const path = join(cacheDir, name);
    const usedAt = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    dated.push({ path, unfinished: name.startsWith('.'), usedAt });
  }
  const finished = dated.filter(({ unfinished }) => !unfinished).sort((a, b) => b.usedAt - a.usedAt);
  const since = Date.now() - LATELY_MS;
  const left = [...finished.slice(KEEP), ...dated.filter(({ unfinished }) => unfinished)];
  for (const { path } of left.filter(({ usedAt }) => usedAt < since)) await rm(path, { recursive: true, force: true });
}

const isFull = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOSPC';

const noSpace = (folder: string, cause: unknown): LadingError =>
  new LadingError('no-space', `there is no space left for ${folder}`, {
    cause,
    hint: 'free some space, or choose another folder',
  });
