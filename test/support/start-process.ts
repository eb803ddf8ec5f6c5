import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type StackFile, stackFileOf, stackFileSchema } from '../../lib/cli/connection.ts';
import { projectRoot } from './stack.ts';

/** Made once for all processes that tests start, whatever their data folder is. */
const assemblies = join(projectRoot, 'node_modules', '.cache', 'lading-tests', 'start-assembly');

export interface StartedProcess {
  /** Everything that it printed so far, on both streams. */
  output(): string;
  /** Waits until it prints the text; throws with what it printed instead when it ends without. */
  printed(text: string): Promise<void>;
  /** What it wrote for the command line. */
  file(): StackFile;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts what `npm start` starts, on any free ports unless told otherwise. */
export function startProcess(dataDir: string, args: readonly string[] = []): StartedProcess {
  mkdirSync(assemblies, { recursive: true });
  mkdirSync(dataDir, { recursive: true });
  try {
    symlinkSync(assemblies, join(dataDir, 'assembly'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const child = spawn(
    process.execPath,
    [join(projectRoot, 'infra', 'local', 'start.ts'), '--data', dataDir, ...port, ...args],
    { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NO_COLOR: '1' } },
  );
  let text = '';
  let wake = (): void => undefined;
  const take = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
    wake();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  let over = false;
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once('close', (code, signal) => {
      over = true;
      resolve(code ?? signal);
      wake();
    });
  });
  return {
    ended,
    output: () => text,
    async printed(wanted) {
      while (!text.includes(wanted)) {
        if (over) throw new Error(`the process ended without printing "${wanted}":\n${text}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    file: () => stackFileSchema().parse(JSON.parse(readFileSync(stackFileOf(dataDir), 'utf8'))),
    kill: (signal) => void child.kill(signal),
  };
}
