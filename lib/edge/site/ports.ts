import type { Digest } from '../../core/digest.ts';
import type { DesiredImage, EdgeBlob } from '../model.ts';

/** The way to the hub. Every call fails where the link is down: any LadingError is that, and the site goes on alone. */
export interface HubLink {
  /** The envelope of the desired state in force; `undefined` where the hub has none for this site. */
  desired(): Promise<Uint8Array | undefined>;
  report(envelope: Uint8Array): Promise<ReportAnswer>;
}

export type ReportAnswer =
  | { readonly kind: 'accepted'; readonly standing: string }
  | { readonly kind: 'refused'; readonly reason: string };

export type FileOutcome =
  | { readonly kind: 'held' }
  /** There is no room that may be made: everything else is leased or in use. */
  | { readonly kind: 'no-room' }
  /** The link broke, or the hub does not have it. What came is kept, to be gone on with. */
  | { readonly kind: 'failed'; readonly why: string };

export interface SiteImage {
  readonly repository: string;
  readonly digest: Digest;
}

/** What the site's registry holds, and how more gets into it. */
export interface SiteCache {
  readonly budgetBytes: number;
  has(repository: string, file: EdgeBlob): boolean;
  /** Of a digest in a repository. */
  tagsOf(repository: string, digest: Digest): readonly string[];
  /** Every file that is held, manifests too, with its bytes. */
  files(): ReadonlyMap<Digest, number>;
  /** The images that must stay are these, until when, and no others of the desired state. Durable when it resolves. */
  lease(images: readonly (SiteImage & { readonly until?: Date | undefined })[]): Promise<void>;
  /** Brings one file in, room for it first; a manifest before what it names. */
  fetch(repository: string, file: EdgeBlob, root: Digest): Promise<FileOutcome>;
  setTags(image: DesiredImage): Promise<void>;
  /** Since it was last asked for and kept: `forget` says that the report was taken in. */
  activity(): SiteActivity;
}

export interface SiteActivity {
  readonly evicted: readonly Digest[];
  readonly pulls: readonly (SiteImage & { readonly count: number })[];
  readonly inUse: readonly Digest[];
  /** Those who were told need not be told again. */
  forget(): void;
}

/** What must never be lost or go back, whenever the process dies. */
export interface SiteMemory {
  load(): Promise<SiteRecord>;
  /** Durable when it resolves, or as before. */
  save(record: SiteRecord): Promise<void>;
}

export interface SiteRecord {
  /** The highest that was ever verified: a lower one is a roll-back. */
  readonly generation: number;
  /** Of the last report that was made, sent or not. */
  readonly sequence: number;
  /** The last state that was taken, as it was signed. */
  readonly envelope?: Uint8Array;
}
