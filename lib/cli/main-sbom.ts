import { z } from 'zod';
import { sbomCommand } from './commands/sbom.ts';
import { endProcess, runCommands } from './run-program.ts';

/*
 * `lading sbom` by itself, for a bundle that starts in a third of the time of the whole program: SBOMs of small images are
 * made in less time than that takes. Everything that is checked here is checked once, so checks are not compiled.
 */
z.config({ jitless: true });

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
runCommands({ sbom: async () => sbomCommand() }, process.argv.slice(2)).then(endProcess);
