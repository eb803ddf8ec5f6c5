import { join } from 'node:path';
import { describeError, isLadingError } from '../../lib/core/errors.ts';
import { formatBytes, plural } from '../../lib/core/format-units.ts';
import { type EdgeBundle, parseOptions, usage } from './options.ts';
import { Running } from './running.ts';

const root = join(import.meta.dirname, '..', '..');

/** 0: done. 1: the gate does not allow the image. 2: it could not be done. */
const REFUSED = 1;
const FAILED = 2;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (options.edge !== undefined) {
    const { edge, bundle, dataDir } = options;
    return bundle === undefined ? await serveEdge(edge, dataDir) : await takeBundle(bundle, edge, dataDir);
  }
  const running = await Running.start(root, options);
  try {
    await running.prepare(options.advisories);
    if (options.once !== undefined) return (await running.takeThrough(options.once)) ? 0 : REFUSED;
    if (options.sample) await running.showSample();
    running.sayWhatNext();
    await untilInterrupted();
    return 0;
  } finally {
    await running.close();
  }
}

async function takeBundle(bundle: EdgeBundle, edge: string, dataDir: string): Promise<number> {
  const [{ importIntoEdge }, { readEdgeConfig }] = await Promise.all([
    import('./import-bundle.ts'),
    import('./edge-config.ts'),
  ]);
  const config = await readEdgeConfig(edge);
  const onProblem = (error: unknown): void => void process.stderr.write(`! ${describeError(error)}\n`);
  const taken = await importIntoEdge({ config, dataDir, bundle, onProblem });
  const { images, partsStored, bytesStored, generation } = taken;
  const state = `desired state ${generation}: ${plural(images, 'image')} are there`;
  process.stdout.write(`${state}, ${plural(partsStored, 'part')} stored now (${formatBytes(bytesStored)})\n`);
  return 0;
}

/** Only the mirror: nothing else of the stack is loaded. */
async function serveEdge(file: string, dataDir: string): Promise<number> {
  const { readEdgeConfig, startEdge } = await import('./edge.ts');
  const config = await readEdgeConfig(file);
  const onProblem = (what: string): void => void process.stderr.write(`! ${what}\n`);
  const registry = await startEdge(config, { dataDir, onProblem });
  try {
    process.stdout.write(`Lading mirrors at ${registry.url}\n`);
    for (const { prefix, upstream } of config.mirrors) process.stdout.write(`  ${prefix.padEnd(20)} ${upstream}\n`);
    registry.agent?.round().catch((error: unknown) => onProblem(describeError(error)));
    await untilInterrupted();
    return 0;
  } finally {
    await registry.close();
  }
}

/** The first signal ends in order, the second at once. */
function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  if (isLadingError(error) && error.hint) process.stderr.write(`hint: ${error.hint}\n`);
  process.exitCode = FAILED;
}
