import { locationKey } from '../core/image-reference.ts';
import { draftEvent, type EventDraft, type ImageSubject, signatureRequested } from '../events/index.ts';
import type { CryptoEntry } from './model.ts';
import type { CryptoInventory } from './ports.ts';

export interface RequiredKey {
  readonly keyId: string;
  readonly algorithm: string;
}

/** How far a campaign has come: the last image that was looked at. It begins anew once it is through. */
export interface CampaignProgress {
  after(campaign: string): Promise<string | undefined>;
  advance(campaign: string, after: string | undefined): Promise<void>;
}

export interface CampaignPorts {
  readonly crypto: Pick<CryptoInventory, 'all'>;
  readonly progress: CampaignProgress;
  isGone(subject: ImageSubject): Promise<boolean>;
}

export interface CampaignRun {
  readonly events: readonly EventDraft[];
  readonly looked: number;
  /** To be called once the events are published: a crash before it asks again, for what then is done already. */
  settle(): Promise<void>;
}

/**
 * Asks for the signatures that today's keys have not made: after another key or another rule on algorithms, image after
 * image, so many a run. Nothing is asked for twice once it is made, since the inventory is what says that it is missing.
 */
export async function requestSignatures(
  { crypto, progress, isGone }: CampaignPorts,
  required: readonly RequiredKey[],
  limit: number,
): Promise<CampaignRun> {
  const campaign = required.map(({ keyId }) => keyId).join(' ');
  const after = await progress.after(campaign);
  const events: EventDraft[] = [];
  let looked = 0;
  let last: string | undefined;
  for await (const { subject, entries } of byImage(crypto.all(after === undefined ? {} : { after }))) {
    looked++;
    const signed = new Set(entries.map(({ keyId }) => keyId));
    const missing = required.filter(({ keyId }) => !signed.has(keyId));
    if (missing.length > 0 && !(await isGone(subject))) {
      events.push(draftEvent(signatureRequested, { subject, missing: [...missing] }));
    }
    last = locationKey(subject);
    if (events.length >= limit) return { events, looked, settle: () => progress.advance(campaign, last) };
  }
  return { events, looked, settle: () => progress.advance(campaign, undefined) };
}

/** Entries of one image follow one another in the inventory. */
async function* byImage(
  entries: AsyncIterable<CryptoEntry>,
): AsyncGenerator<{ readonly subject: ImageSubject; readonly entries: readonly CryptoEntry[] }> {
  let group: CryptoEntry[] = [];
  for await (const entry of entries) {
    const [first] = group;
    if (first !== undefined && locationKey(first.subject) !== locationKey(entry.subject)) {
      yield { subject: first.subject, entries: group };
      group = [];
    }
    group.push(entry);
  }
  const [first] = group;
  if (first !== undefined) yield { subject: first.subject, entries: group };
}

export interface CryptoSummary {
  readonly images: number;
  /** Images by the algorithm that vouches for them; one with two counts twice. */
  readonly byAlgorithm: Readonly<Record<string, number>>;
  readonly byKey: readonly { readonly keyId: string; readonly algorithm: string; readonly images: number }[];
  /** Images that a required key has not signed; the first of them are named. */
  readonly missing: { readonly images: number; readonly examples: readonly string[] };
}

const EXAMPLES = 50;

/** Which images are signed by which algorithms and keys, and which lack what is required today. */
export async function summariseCrypto(
  crypto: Pick<CryptoInventory, 'all'>,
  required: readonly RequiredKey[],
): Promise<CryptoSummary> {
  const byAlgorithm = new Map<string, number>();
  const byKey = new Map<string, { keyId: string; algorithm: string; images: number }>();
  const missing: string[] = [];
  let images = 0;
  let lacking = 0;
  for await (const { subject, entries } of byImage(crypto.all())) {
    images++;
    for (const algorithm of new Set(entries.map((one) => one.algorithm))) {
      byAlgorithm.set(algorithm, (byAlgorithm.get(algorithm) ?? 0) + 1);
    }
    for (const { keyId, algorithm } of entries) {
      byKey.set(keyId, { keyId, algorithm, images: (byKey.get(keyId)?.images ?? 0) + 1 });
    }
    if (required.every(({ keyId }) => entries.some((entry) => entry.keyId === keyId))) continue;
    lacking++;
    if (missing.length < EXAMPLES) missing.push(locationKey(subject));
  }
  return {
    images,
    byAlgorithm: Object.fromEntries([...byAlgorithm].sort(([a], [b]) => (a < b ? -1 : 1))),
    byKey: [...byKey.values()],
    missing: { images: lacking, examples: missing },
  };
}
