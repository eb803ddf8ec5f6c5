import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { createIndexFiles, type IndexFiles } from './past-indexes.ts';

/*
 * Bundles the command line into the folder given: it starts in two thirds of the time that the sources take. Commands
 * stay files of their own, loaded when they are called. What is quick (`sbom`; `scan`; `pull` and `push`; `sign`, `attest`
 * and `verify`) is also made as one file by itself, with a list of what it was made of, by which the launcher sees that it
 * is still true. Made aside and put in place whole, as several may do it at once.
 */
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: bundle-cli FOLDER');

/** Zod brings its messages in fifty languages, and loads them all. */
const onlyEnglish: Plugin = {
  name: 'only-english',
  setup(plugin) {
    plugin.onResolve({ filter: /locales\/index\.js$/ }, ({ importer }) =>
      /[\\/]zod[\\/]/.test(importer) ? { path: 'en', namespace: 'zod-locales' } : undefined,
    );
    plugin.onLoad({ filter: /.*/, namespace: 'zod-locales' }, () => ({
      contents: "export { default as en } from 'zod/v4/locales/en.js';",
      resolveDir: process.cwd(),
    }));
  },
};

/**
 * What is imported of an index is imported from where it is defined. And `z` is a value with all of zod in it; by a
 * namespace, what nobody names of it can be left out. Both mean the same.
 */
const byOrigin = (indexes: IndexFiles): Plugin => ({
  name: 'by-origin',
  setup(plugin) {
    plugin.onLoad({ filter: /[\\/]lib[\\/].*\.ts$/ }, async ({ path }) => {
      if (/[\\/]node_modules[\\/]/.test(path)) return undefined;
      const text = indexes.rewrite(await readFile(path, 'utf8'), path);
      return { contents: text.replace("import { z } from 'zod';", "import * as z from 'zod';"), loader: 'ts' };
    });
  },
});

/**
 * Loading a module of ours does nothing but define what it exports: what nobody imports of an index can be left out, with
 * all that it would have loaded.
 */
const noSideEffects: Plugin = {
  name: 'no-side-effects',
  setup(plugin) {
    plugin.onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path),
      sideEffects: false,
    }));
  },
};

/** Commander starts programs for commands that are files of their own, of which there are none. */
const noPrograms: Plugin = {
  name: 'no-programs',
  setup(plugin) {
    plugin.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'none', namespace: 'no-programs' } : undefined,
    );
    plugin.onLoad({ filter: /.*/, namespace: 'no-programs' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** What opens a key is a file of its own, which the rest of the command shares with whoever began before. */
const BEGIN = 'begin-trust.cjs';
const beginsBefore: Plugin = {
  name: 'begins-before',
  setup(plugin) {
    plugin.onResolve({ filter: /\/(?:derive-key|begin-opening)\.ts$/ }, () => ({ path: `./${BEGIN}`, external: true }));
  },
};

const common = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  minify: true,
  keepNames: true,
  mainFields: ['module', 'main'],
  plugins: [byOrigin(createIndexFiles()), onlyEnglish, noSideEffects],
  logLevel: 'error',
} as const satisfies BuildOptions;

async function bundleProgram(outdir: string): Promise<void> {
  await build({
    ...common,
    entryPoints: ['lib/cli/main.ts'],
    outdir,
    outExtension: { '.js': '.mjs' },
    splitting: true,
    format: 'esm',
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
}

/** As a CommonJS module, since importing Node's own modules as ES modules loads parts of them that nobody asked for. */
async function bundleShort(outdir: string, name: 'sbom' | 'scan' | 'copy' | 'trust'): Promise<void> {
  const indexes = createIndexFiles();
  const { metafile } = await build({
    ...common,
    entryPoints: [`lib/cli/main-${name}.ts`],
    outfile: join(outdir, `${name}.cjs`),
    format: 'cjs',
    // Only ECR and KMS need the SDK, and only keyless signatures Sigstore's. They are loaded from where they are installed.
    external: ['@aws-sdk/*', '@smithy/*', '@sigstore/*'],
    charset: 'ascii',
    define: { 'import.meta.dirname': '__dirname' },
    keepNames: false,
    plugins: [...(name === 'trust' ? [beginsBefore] : []), byOrigin(indexes), onlyEnglish, noSideEffects, noPrograms],
    metafile: true,
  });
  const before = name === 'trust' ? await bundleBegin(outdir) : [];
  const read = [...indexes.read].map((file) => relative(process.cwd(), file));
  const all = new Set([...Object.keys(metafile.inputs), ...before, ...read]);
  const own = [...all].filter((file) => /^(?:lib|functions)\//.test(file));
  const inputs = [
    ...own,
    'infra/launch/bundle-cli.ts',
    'infra/launch/past-indexes.ts',
    'infra/launch/run-compiled.cjs',
    'package-lock.json',
  ].map((file) => {
    const { mtimeMs, size } = statSync(file);
    return [file, mtimeMs, size];
  });
  writeFileSync(join(outdir, `${name}-inputs.json`), JSON.stringify(inputs));
  const begin = name === 'trust' ? `require('./${BEGIN}').beginOpeningKey(process.argv.slice(2),process.env);` : '';
  const runCompiled = await readFile('infra/launch/run-compiled.cjs', 'utf8');
  writeFileSync(join(outdir, `start-${name}.cjs`), `${begin}\n${runCompiled}runCompiled('${name}');\n`);
}

/** @returns what it was made of */
async function bundleBegin(outdir: string): Promise<readonly string[]> {
  const parts = ['lib/formats/cosign-key/derive-key.ts', 'lib/cli/trust/begin-opening.ts'];
  const { metafile } = await build({
    ...common,
    stdin: { contents: parts.map((part) => `export * from './${part}';`).join('\n'), resolveDir: process.cwd() },
    outfile: join(outdir, BEGIN),
    format: 'cjs',
    metafile: true,
  });
  return Object.keys(metafile.inputs).filter((file) => parts.includes(file));
}

const aside = mkdtempSync(join(dirname(folder), '.making-'));
try {
  await Promise.all([
    bundleProgram(aside),
    bundleShort(aside, 'sbom'),
    bundleShort(aside, 'scan'),
    bundleShort(aside, 'copy'),
    bundleShort(aside, 'trust'),
  ]);
  renameSync(aside, folder);
} catch (error) {
  rmSync(aside, { recursive: true, force: true });
  throw error;
}
