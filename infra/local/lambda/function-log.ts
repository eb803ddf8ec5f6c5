import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

/** A log file is put aside (`.1`, one generation) when it reaches this size. */
const MAX_BYTES = 8 * 1024 * 1024;

/** A longer line is cut, so that a function that never ends one cannot fill the memory. CloudWatch cuts here, too. */
const MAX_LINE = 256 * 1024;

/** What a function writes to stdout and stderr, line by line, in a file of its own. */
export class FunctionLog {
  readonly path: string;
  readonly #onLine: (line: string) => void;
  readonly #readable: (line: string) => string;
  #pending: string[] = [];
  #size: number | undefined;
  #flushing: Promise<void> | undefined;

  /** @param options.readable rewrites a line for people; see `sourcePositions` */
  constructor(
    path: string,
    options: { readonly onLine?: (line: string) => void; readonly readable?: (line: string) => string } = {},
  ) {
    this.path = path;
    this.#onLine = options.onLine ?? (() => {});
    this.#readable = options.readable ?? ((line) => line);
  }

  write(text: string): void {
    const line = this.#readable(text);
    this.#pending.push(line);
    this.#onLine(line);
    this.#flushing ??= this.#flush();
  }

  follow(stream: Readable): void {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.write(line);
      if (rest.length > MAX_LINE) {
        this.write(rest);
        rest = '';
      }
    });
    stream.on('end', () => {
      if (rest !== '') this.write(rest);
      rest = '';
    });
  }

  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
  }

  async #flush(): Promise<void> {
    await Promise.resolve(); // lines of this turn go together, and #flushing is set first
    try {
      this.#size ??= await this.#open();
      while (this.#pending.length > 0) {
        const text = `${this.#pending.join('\n')}\n`;
        this.#pending = [];
        await appendFile(this.path, text);
        this.#size += Buffer.byteLength(text);
        if (this.#size > MAX_BYTES) {
          await rename(this.path, `${this.path}.1`);
          this.#size = 0;
        }
      }
    } catch {
      // A log that cannot be written (disk full, folder removed) must not stop the function that writes it.
      this.#pending = [];
    } finally {
      this.#flushing = undefined;
    }
  }

  async #open(): Promise<number> {
    await mkdir(dirname(this.path), { recursive: true });
    return await stat(this.path).then(
      ({ size }) => size,
      () => 0,
    );
  }
}
