import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beginOpening } from '../../formats/cosign-key/derive-key.ts';

/** A key file has some 600 bytes. */
const MAX_BYTES = 64 * 1024;

/**
 * Begins to open the key that a command line names, where its password is in the environment: what that takes is most of
 * the time of signing, and it goes on in another thread while this one loads the command. Nothing is said here, whatever
 * the command line is like; the command itself reads it anew.
 */
export function beginOpeningKey(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const password = environment['LADING_PASSWORD'] ?? environment['COSIGN_PASSWORD'];
  const [command = ''] = args;
  if (password === undefined || !['sign', 'attest'].includes(command)) return;
  const at = args.findIndex((one) => one === '--key' || one.startsWith('--key='));
  const key = args[at]?.startsWith('--key=') ? args[at].slice('--key='.length) : args[at + 1];
  if (at < 0 || key === undefined || /^(?:arn:|awskms:)/.test(key)) return;
  try {
    const content = readFileSync(resolve(environment['LADING_CWD'] ?? process.cwd(), key));
    if (content.length <= MAX_BYTES) beginOpening(content.toString('utf8'), password);
  } catch {
    // It cannot be read, which the command says.
  }
}
