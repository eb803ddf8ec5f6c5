import { Command, CommanderError } from '@commander-js/extra-typings';
import { LadingError } from '../core/errors.ts';
import { dlqCommand } from './commands/dead-letters.ts';
import { eventsCommand } from './commands/events.ts';
import { imageCommand, imagesCommand } from './commands/images.ts';
import { keyCommand } from './commands/key.ts';
import { retentionCommand } from './commands/retention.ts';
import { runCommand } from './commands/run.ts';
import { paint, say } from './output.ts';

/** 0: done. 1: done, and the answer is no (a gate denies, something differs). 2: it could not be done. */
const FAILED = 2;

const program = new Command('lading')
  .description('container images from push to signed, replicated, and in time cleaned up')
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .addCommand(imagesCommand())
  .addCommand(imageCommand())
  .addCommand(eventsCommand())
  .addCommand(retentionCommand())
  .addCommand(dlqCommand())
  .addCommand(runCommand())
  .addCommand(keyCommand());

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : FAILED));

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : FAILED;
  else {
    say(`${paint('red', 'error')}: ${error instanceof Error ? error.message : String(error)}`);
    if (error instanceof LadingError && error.hint) say(`hint: ${error.hint}`);
    process.exitCode = FAILED;
  }
}
