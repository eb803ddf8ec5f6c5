import { defuse } from './output.ts';

export interface Progress {
  /** Replaces the line that was shown before. */
  show(text: string): void;
  clear(): void;
}

const SILENT: Progress = { show: () => undefined, clear: () => undefined };

/** How often a line is written again at most, in milliseconds. */
const PAUSE_MS = 80;

/** One line that tells how far the work is, on a terminal only: in a file or pipe it would be in the way. */
export function createProgress(
  to: Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>,
  now: () => number = performance.now.bind(performance),
): Progress {
  if (!to.isTTY) return SILENT;
  let shownAt = Number.NEGATIVE_INFINITY;
  let visible = false;
  return {
    show(text) {
      if (now() - shownAt < PAUSE_MS) return;
      shownAt = now();
      visible = true;
      to.write(`\r\u001b[2K${defuse(text).slice(0, Math.max(20, (to.columns ?? 80) - 1))}`);
    },
    clear() {
      if (visible) to.write('\r\u001b[2K');
      visible = false;
      shownAt = Number.NEGATIVE_INFINITY;
    },
  };
}
