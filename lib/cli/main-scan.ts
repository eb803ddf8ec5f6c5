import { z } from 'zod';
import { scanCommand } from './commands/scan.ts';
import { runCommands } from './run-program.ts';

/*
 * `lading scan` by itself, as `main-sbom.ts` is `lading sbom`: matching an SBOM against compiled advisories takes less time
 * than the start of the whole program.
 */
z.config({ jitless: true });

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
runCommands({ scan: async () => scanCommand() }, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
