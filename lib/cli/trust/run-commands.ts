import { z } from 'zod';
import { attestCommand, signCommand } from '../commands/sign.ts';
import { verifyCommand } from '../commands/verify.ts';
import { runCommands } from '../run-program.ts';

z.config({ jitless: true });

const commands = {
  sign: async () => signCommand(),
  attest: async () => attestCommand(),
  verify: async () => verifyCommand(),
};

/** @returns the exit code */
export const runTrustCommands = (args: readonly string[]): Promise<number> => runCommands(commands, args);
