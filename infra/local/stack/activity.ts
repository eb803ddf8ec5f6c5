export interface SettleOptions {
  /** How long nothing may happen until the stack counts as settled, in milliseconds. */
  readonly quietMs?: number;
  /** When to give up, in milliseconds. */
  readonly timeoutMs?: number;
}

export interface SettleResult {
  readonly settled: boolean;
  /** What it still waited for when the time was up: `3 messages in lading-create-sbom`. */
  readonly waitingFor: readonly string[];
}

/** Knows whether anything is going on, and when it last did. */
export class Activity {
  readonly #busy: () => readonly string[];
  #waiting: (() => void)[] = [];
  #count = 0;

  /** @param busy what is going on now; empty for nothing */
  constructor(busy: () => readonly string[]) {
    this.#busy = busy;
  }

  /** To be called when something began or ended. */
  touch(): void {
    this.#count++;
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    // A sweep of wake-ups in one turn is one.
    setImmediate(() => {
      for (const resolve of waiting) resolve();
    });
  }

  idle(): boolean {
    return this.#busy().length === 0;
  }

  async settle({ quietMs = 50, timeoutMs = 60_000 }: SettleOptions = {}): Promise<SettleResult> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const waitingFor = this.#busy();
      if (waitingFor.length > 0) {
        const left = deadline - Date.now();
        if (left <= 0) return { settled: false, waitingFor };
        await this.#change(left);
        continue;
      }
      const before = this.#count;
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      if (this.#count === before && this.idle()) return { settled: true, waitingFor: [] };
    }
  }

  async #change(timeoutMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.push(resolve)),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      }),
    ]);
    clearTimeout(timer);
  }
}
