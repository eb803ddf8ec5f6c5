import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { LadingError } from '../core/errors.ts';
import { exitCode } from './exit-code.ts';
import { defuse, paint, say } from './output.ts';

/** Each command's code is loaded when it is called, so that no command pays for what only another needs. */
const commands: Readonly<Record<string, () => Promise<CommandUnknownOpts>>> = {
  push: async () => (await import('./commands/push.ts')).pushCommand(),
  sbom: async () => (await import('./commands/sbom.ts')).sbomCommand(),
  scan: async () => (await import('./commands/scan.ts')).scanCommand(),
  images: async () => (await import('./commands/images.ts')).imagesCommand(),
  image: async () => (await import('./commands/images.ts')).imageCommand(),
  events: async () => (await import('./commands/events.ts')).eventsCommand(),
  advisories: async () => (await import('./commands/advisories.ts')).advisoriesCommand(),
  retention: async () => (await import('./commands/retention.ts')).retentionCommand(),
  dlq: async () => (await import('./commands/dead-letters.ts')).dlqCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  webhook: async () => (await import('./commands/webhook.ts')).webhookCommand(),
  key: async () => (await import('./commands/key.ts')).keyCommand(),
};

export const commandNames: readonly string[] = Object.keys(commands);

/** Runs one command line, without the program's name, and answers with the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    const program = await loadProgram(args);
    process.exitCode = exitCode.done;
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.failed;
    report(error);
    return exitCode.failed;
  }
}

/** The program with the one command that is called, or with all where that is not to be seen. */
export async function loadProgram(args: readonly string[]): Promise<Command> {
  const program = new Command('lading')
    .description('container images from push to signed, replicated, and in time cleaned up')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done; 1 done, and the answer is no; 2 it could not be done.');
  const [called = ''] = args;
  const names = Object.hasOwn(commands, called) ? [called] : commandNames;
  for (const name of names) {
    const command = await commands[name]?.();
    if (command) program.addCommand(inherit(command));
  }
  return program;
}

/** Commands that are made apart do not inherit how the program ends. */
function inherit<C extends CommandUnknownOpts>(command: C): C {
  command.exitOverride().showSuggestionAfterError();
  for (const sub of command.commands) inherit(sub);
  return command;
}

function report(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  say(`${paint('red', 'error', process.stderr)}: ${message.split('\n').map(defuse).join('\n')}`);
  if (error instanceof LadingError && error.hint) say(`hint: ${defuse(error.hint)}`);
  // What is no LadingError was not foreseen: whoever mends it needs to know where.
  else if (!(error instanceof LadingError) && error instanceof Error && process.env.LADING_DEBUG)
    say(error.stack ?? '');
}
