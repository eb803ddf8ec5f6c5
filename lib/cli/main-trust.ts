import { beginOpeningKey } from './trust/begin-opening.ts';

/* `lading sign`, `attest` and `verify` by themselves, as `main-sbom.ts` is `sbom`: what they do takes less time than the
 * start of the whole program. Opening a key takes longer than loading all this, and begins before. */
beginOpeningKey(process.argv.slice(2), process.env);
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));
import('./trust/run-commands.ts')
  .then(({ runTrustCommands }) => runTrustCommands(process.argv.slice(2)))
  .then((code) => {
    process.exitCode = code;
  });
