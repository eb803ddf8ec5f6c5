import { startEmbeddedRegistry } from '../../../../infra/local/registry/index.ts';
import { mirrorOptions } from './mirror-options.ts';

/** A mirror with a budget in a process of its own, for tests that kill it. Prints its port. */
const [, , directory, upstream, budgetBytes] = process.argv;
if (directory === undefined || upstream === undefined) throw new Error('usage: serve-mirror.ts DIRECTORY URL BYTES');
const registry = await startEmbeddedRegistry({
  directory,
  budgetBytes: Number(budgetBytes),
  mirror: mirrorOptions(upstream),
});
process.stdout.write(`${registry.port}\n`);
