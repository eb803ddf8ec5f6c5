import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** The password from the environment (cosign's variable too, so that scripts need no change), or from a terminal. */
export async function askPassword(question: string): Promise<string | undefined> {
  const given = process.env.LADING_PASSWORD ?? process.env.COSIGN_PASSWORD;
  if (given !== undefined) return given;
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  process.stderr.write(question);
  // Without an output of its own, readline would show what is typed.
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: hidden, terminal: true });
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
