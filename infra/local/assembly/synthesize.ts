import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LadingError } from '../../../lib/core/errors.ts';

export interface SynthOptions {
  readonly root: string;
  /** The CDK app, below the root. */
  readonly app: string;
  readonly outdir: string;
  /** Holds `<function>/index.mjs`; handed to the app as LADING_BUNDLES. */
  readonly bundles: string;
  /** Over the context of cdk.json. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly compileCache: string;
}

/** Of the caller's environment, only what a process needs to run: credentials and CDK settings would change the result. */
const KEPT = ['PATH', 'HOME', 'USERPROFILE', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot', 'LANG'];

/** Errors of an app are long; the end of them says what it was. */
const MAX_OUTPUT = 4000;

/**
 * Runs the CDK app by itself: the CLI would add a second and a half. Its template validation is left to `check`.
 *
 * @throws LadingError `synth-failed` with what the app wrote
 */
export async function synthesize(options: SynthOptions): Promise<void> {
  const { root, app, outdir, bundles, context, compileCache } = options;
  const child = spawn(process.execPath, [app], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...Object.fromEntries(KEPT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))),
      CDK_OUTDIR: outdir,
      CDK_VALIDATION: 'false',
      CDK_CONTEXT_JSON: JSON.stringify({ ...(await contextOf(root)), ...context }),
      LADING_BUNDLES: bundles,
      NODE_COMPILE_CACHE: compileCache,
      NO_COLOR: '1',
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-MAX_OUTPUT);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new LadingError('synth-failed', `the CDK app ${app} failed:\n${output.trim()}`);
}

const settings = z.object({ context: z.record(z.string(), z.unknown()).optional() });

/** The context of cdk.json, which the CLI would hand over. */
async function contextOf(root: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(join(root, 'cdk.json'), 'utf8').catch(() => '{}');
  try {
    return settings.parse(JSON.parse(text)).context ?? {};
  } catch (error) {
    throw new LadingError('synth-failed', 'cdk.json cannot be read', { cause: error });
  }
}
