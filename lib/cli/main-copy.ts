import { z } from 'zod';
import { pullCommand } from './commands/pull.ts';
import { pushCommand } from './commands/push.ts';
import { runCommands } from './run-program.ts';

/* `lading pull` and `push` by themselves, as `main-sbom.ts` is `sbom`: from a registry near by, an image of many
 * megabytes is there in a few times what the whole program takes to start. */
z.config({ jitless: true });

process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
runCommands({ pull: async () => pullCommand(), push: async () => pushCommand() }, process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
);
