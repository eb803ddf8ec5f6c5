import type { IntakeSource, SenderKind } from './config.ts';
import type { SigningKeys } from './ports.ts';

/** One request to `/webhooks/{source}`, before anything in it is believed. */
export interface WebhookRequest {
  /** The last part of the path: which configured source sends this. */
  readonly source: string;
  readonly method: 'POST' | 'OPTIONS';
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly query: ReadonlyMap<string, string>;
  /** Exactly the bytes that came: signatures are over them. */
  readonly body: Uint8Array;
}

/** What one image event of a sender says, in our words. Names are checked by who reads it. */
export interface Notice {
  readonly action: 'push' | 'delete' | 'pull';
  /** Only where the sender's word on the host counts; otherwise it is the source's configured registry. */
  readonly registry?: string | undefined;
  readonly repository: string;
  readonly digest?: string | undefined;
  readonly tag?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly actor?: string | undefined;
  /** When it happened by the sender's clock, in any form that `Date` reads. */
  readonly occurredAt?: string | number | undefined;
}

/** Why something that was sent and understood leads to no event. */
export type IgnoredReason =
  /** A test of the connection. */
  | 'connection-test'
  /** An event of a kind that Lading does not follow: a finished scan, a quota, a build. */
  | 'event-not-followed'
  /** Of a package, chart or blob. */
  | 'not-an-image'
  /** Of another registry than the source is configured for. */
  | 'another-registry'
  /** Neither the event names a digest nor has the registry one for the tag. */
  | 'no-digest'
  | 'name-not-valid';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type Reading =
  | {
      readonly kind: 'events';
      readonly notices: readonly Notice[];
      readonly ignored: readonly IgnoredReason[];
    }
  /** What the sender must be answered before it sends any event. */
  | { readonly kind: 'handshake'; readonly answer: HttpAnswer }
  /** Not of the documented shape. */
  | { readonly kind: 'invalid'; readonly problem: string };

/** What a sender's proof is checked against. */
export interface Proof {
  /** The secrets that are valid for the source; none for an unknown one, two while one is being rotated. */
  readonly secrets: readonly string[];
  readonly source: IntakeSource | undefined;
  readonly signingKeys: SigningKeys;
  readonly now: Date;
}

/** One kind of registry: how it proves itself, and what it says. */
export interface WebhookSender {
  readonly name: SenderKind;
  /** In constant time over the raw bytes, whether or not there is any secret. It never throws on what a stranger sent. */
  authenticate(request: WebhookRequest, proof: Proof): boolean | Promise<boolean>;
  /** @param body the parsed JSON, of any shape */
  read(body: unknown, headers: WebhookRequest['headers'], source: IntakeSource | undefined): Reading;
  /** Asks by OPTIONS before it sends anything (CloudEvents webhooks 1.0, section 4). */
  readonly asksFirst?: true;
  /**
   * An equal delivery within so many seconds is a repetition, and later it is news. Only for senders whose bodies have
   * neither id nor time and whose secret travels with the request, so that a replay could as well be a forgery.
   */
  readonly repeatsWithinSeconds?: number;
}
