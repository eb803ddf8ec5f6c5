import { z } from 'zod';
import { attestCommand, signCommand } from './commands/sign.ts';
import { verifyCommand } from './commands/verify.ts';
import { runCommands } from './run-program.ts';

/* `lading sign`, `attest` and `verify` by themselves, as `main-sbom.ts` is `sbom`: what they do takes less time than the
 * start of the whole program. */
z.config({ jitless: true });

process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
const commands = {
  sign: async () => signCommand(),
  attest: async () => attestCommand(),
  verify: async () => verifyCommand(),
};
runCommands(commands, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
