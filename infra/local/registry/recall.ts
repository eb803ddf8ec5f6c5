import { OciError } from './errors.ts';
import type { RegistryEvent, RegistryStore, StoredManifest } from './model.ts';

export type RecallAnswer =
  | { readonly kind: 'restoring'; readonly bytes: number; readonly retryAfterSeconds: number }
  | { readonly kind: 'limited'; readonly retryAfterSeconds: number };

/** Brings back what was archived. Asked about a manifest that is not here, before a client is told so. */
export interface Recall {
  /** `undefined`: it is not archived either. */
  ask(repository: string, reference: string): Promise<RecallAnswer | undefined>;
}

/** What is so small is waited for: most clients try again by themselves, and not all of them for long enough. */
const SMALL_BYTES = 128 * 1024 ** 2;
const PATIENCE_MS = 10_000;
/** What takes longer than this, in seconds, is not waited for. */
const SOON_S = 30;
/** Clients that are kept waiting at once; whoever comes then is told to come again. */
const MOST_WAITING = 100;

export interface RecallDesk {
  /**
   * The manifest, where it came back while the client waited; `undefined` where there is none to bring back.
   *
   * @throws OciError 429 with `Retry-After` while it is being brought back, or may not be today
   */
  recall(repository: string, reference: string, signal: AbortSignal): Promise<StoredManifest | undefined>;
}

export function openRecallDesk(
  recall: Recall,
  opened: {
    /** What can be read: what is archived in place is not. */
    readonly store: Pick<RegistryStore, 'findManifest'>;
    onEvent(listener: (event: RegistryEvent) => void): () => void;
  },
): RecallDesk {
  let waiting = 0;
  return {
    async recall(repository, reference, signal) {
      const answer = await recall.ask(repository, reference);
      if (answer === undefined) return undefined;
      const isSoon = answer.kind === 'restoring' && answer.bytes <= SMALL_BYTES && answer.retryAfterSeconds <= SOON_S;
      if (isSoon && waiting < MOST_WAITING) {
        waiting++;
        try {
          await pushed(opened, repository, reference, signal);
        } finally {
          waiting--;
        }
      }
      const found = opened.store.findManifest(repository, reference);
      if (found) return found;
      throw archived(repository, reference, answer);
    },
  };
}

function archived(repository: string, reference: string, { kind, retryAfterSeconds }: RecallAnswer): OciError {
  const name = `${repository} ${reference}`;
  const why =
    kind === 'restoring'
      ? `${name} is archived and is being brought back; try again in ${retryAfterSeconds} s`
      : `${name} is archived, and pulls have brought back as much as they may today; "lading retention restore" does`;
  return new OciError(429, 'TOOMANYREQUESTS', why, { headers: { 'retry-after': String(retryAfterSeconds) } });
}

/** Resolves when it is there, when patience ends, or when nobody waits for it any more. */
function pushed(
  { store, onEvent }: Parameters<typeof openRecallDesk>[1],
  repository: string,
  reference: string,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, PATIENCE_MS);
    const stop = onEvent((event) => {
      if (event.repository === repository && store.findManifest(repository, reference)) end();
    });
    signal.addEventListener('abort', end, { once: true });
    // It may have come before anybody listened.
    if (signal.aborted || store.findManifest(repository, reference)) end();
  });
}
