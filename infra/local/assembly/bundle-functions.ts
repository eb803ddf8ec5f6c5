import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildFailure } from 'esbuild';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';

export interface Bundles {
  /** Holds `<function>/index.mjs`. */
  readonly folder: string;
  readonly names: readonly string[];
}

// CommonJS packages inside of an ES module still call `require` for Node's own modules.
const BANNER =
  "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * Bundles every `functions/<name>/handler.ts` to `<folder>/<name>/index.mjs`, in one run: what is deployed, with all
 * it needs inside.
 *
 * @throws LadingError `dependencies-missing` or `bundle-failed`
 */
export async function bundleFunctions(root: string, folder: string): Promise<Bundles> {
  const names = await functionNames(root);
  const esbuild = await loadEsbuild();
  try {
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: names.map((name) => ({ in: join(root, 'functions', name, 'handler.ts'), out: `${name}/index` })),
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      // Packages that offer both are smaller as ES modules: what is not used falls away.
      mainFields: ['module', 'main'],
      minify: true,
      sourcemap: 'linked',
      sourcesContent: false,
      legalComments: 'none',
      banner: { js: BANNER },
      logLevel: 'silent',
    });
    return { folder, names };
  } catch (error) {
    throw new LadingError('bundle-failed', `the functions cannot be bundled: ${await explain(esbuild, error)}`, {
      cause: error,
      hint: 'run "npm run check" to see what does not compile',
    });
  }
}

async function functionNames(root: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, 'functions'), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && existsSync(join(root, 'functions', entry.name, 'handler.ts')))
    .map(({ name }) => name)
    .sort();
}

async function loadEsbuild(): Promise<typeof import('esbuild')> {
  try {
    return await import('esbuild');
  } catch (error) {
    throw new LadingError('dependencies-missing', 'the dependencies of Lading are not installed', {
      cause: error,
      hint: 'run "npm ci" in the folder of the project',
    });
  }
}

const failure = z.object({ errors: z.array(z.object({ text: z.string() })) });

async function explain(esbuild: typeof import('esbuild'), error: unknown): Promise<string> {
  if (!failure.safeParse(error).success) return error instanceof Error ? error.message : String(error);
  const messages = await esbuild.formatMessages((error as BuildFailure).errors, { kind: 'error' });
  return messages.join('\n').trim();
}
