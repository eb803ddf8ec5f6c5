import { startEmbeddedRegistry } from '../../../../infra/local/registry/index.ts';

/** A registry in a process of its own, for tests that kill it. Prints its port. */
const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: serve.ts DIRECTORY');
const registry = await startEmbeddedRegistry({ directory });
process.stdout.write(`${registry.port}\n`);
