import type { JsonWebKey } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { EventPublisher } from '../events/index.ts';
import type { IntakeSource } from './config.ts';

/** Which deliveries were taken in already. */
export interface DeliveryLog {
  seen(source: string, delivery: string): Promise<boolean>;
  /** Kept for `ttlSeconds`. */
  record(source: string, delivery: string, ttlSeconds: number): Promise<void>;
}

/** The public keys of an issuer of tokens, by the id that a token's header names. */
export interface SigningKeys {
  find(keyId: string): Promise<JsonWebKey | undefined>;
}

export interface WebhookPorts {
  /** `undefined` for a source that the configuration does not name: it speaks the generic form. */
  readonly sourceOf: (name: string) => IntakeSource | undefined;
  /** The secrets that are valid for a source; two while one is being rotated. */
  readonly secretsOf: (source: string) => Promise<readonly string[]>;
  /** Whether the configuration has the registry: no other is ever spoken to, so news of it is refused here. */
  readonly isConfigured: (registry: string) => boolean;
  /** Digest that a tag names now, asked once; `undefined` where there is none. */
  readonly resolveTag: (at: { registry: string; repository: string; tag: string }) => Promise<string | undefined>;
  /** Google's keys, for its identity tokens. */
  readonly signingKeys: SigningKeys;
  readonly deliveries: DeliveryLog;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
}

type PolledRepository = { readonly registry: string; readonly repository: string };

/** Where a run stopped because its time was over: everything up to this was seen in it. */
export interface PollCursor {
  readonly repository: string;
  readonly tag: string;
}

/** What registries that send nothing were last seen to hold. */
export interface PollStore {
  /** Digests by tag; `complete` once a run has seen the whole repository. */
  seen(of: PolledRepository): Promise<{ readonly digests: ReadonlyMap<string, string>; readonly complete: boolean }>;
  remember(of: PolledRepository, tag: string, digest: string): Promise<void>;
  forget(of: PolledRepository, tag: string): Promise<void>;
  complete(of: PolledRepository): Promise<void>;
  cursor(registry: string): Promise<PollCursor | undefined>;
  saveCursor(registry: string, cursor: PollCursor | undefined): Promise<void>;
}
