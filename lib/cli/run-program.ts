import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { LadingError } from '../core/errors.ts';
import { exitCode } from './exit-code.ts';
import { defuse, paint, say } from './output.ts';

/** Each command's code is loaded when it is called, so that no command pays for what only another needs. */
export type Commands = Readonly<Record<string, () => Promise<CommandUnknownOpts>>>;

/** Runs one command line, without the program's name, and answers with the exit code. */
export async function runCommands(commands: Commands, args: readonly string[]): Promise<number> {
  try {
    const program = await loadCommands(commands, args);
    process.exitCode = exitCode.done;
    await program.parseAsync(args, { from: 'user' });
    return Number(process.exitCode);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.failed;
    report(error);
    return exitCode.failed;
  }
}

/**
 * Ends the process as soon as everything is written. Left to end by itself, it first gives back memory piece by piece, which
 * the system takes all at once: a tenth of the time that the SBOM of a small image takes.
 */
export function endProcess(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit()));
}

/** The program with the one command that is called, or with all where that is not to be seen. */
export async function loadCommands(commands: Commands, args: readonly string[]): Promise<Command> {
  const program = new Command('lading')
    .description('container images from push to signed, replicated, and in time cleaned up')
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', '\nExit codes: 0 done; 1 done, and the answer is no; 2 it could not be done.');
  const [called = ''] = args;
  const names = Object.hasOwn(commands, called) ? [called] : Object.keys(commands);
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
