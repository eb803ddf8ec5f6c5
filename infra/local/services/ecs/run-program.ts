import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';

/** What becomes of a container that is a program of this machine. */
export type ProgramEnd =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly said: string }
  /** Never started: it is not there, or cannot be run. */
  | { readonly kind: 'absent'; readonly reason: string };

export interface ProgramOptions {
  readonly entryPoint: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Bytes of what a program says that are kept, from the end. */
const SAID = 2_000;

/**
 * Runs the program that a container would be, found on PATH by the name of its entry point: no shell, arguments as they
 * are, only the given environment, and nothing of its standard output kept.
 */
export function runProgram(options: ProgramOptions): Promise<ProgramEnd> {
  const name = basename(options.entryPoint);
  const program = findProgram(name, options.environment['PATH'] ?? '');
  if (program === undefined) {
    const reason = `${name} is not on PATH of this machine; install it, or take it out of the setting "scanners"`;
    return Promise.resolve({ kind: 'absent', reason });
  }
  return new Promise((resolve) => {
    let said = '';
    const child = spawn(program, options.arguments, {
      ...{ cwd: options.folder, env: options.environment, shell: false, stdio: ['ignore', 'ignore', 'pipe'] },
      ...{ signal: options.signal, killSignal: 'SIGKILL' },
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-SAID);
    });
    child.once('error', (error) => {
      if (!options.signal.aborted) resolve({ kind: 'absent', reason: `${name} cannot be run: ${error.message}` });
    });
    // 137: as a container that was killed.
    child.once('close', (code) => resolve({ kind: 'ended', exitCode: code ?? 137, said: said.trim() }));
  });
}

function findProgram(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
