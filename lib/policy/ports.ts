import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import type { Vote } from '../scanners/index.ts';
import type { SourcedStatement } from '../vex/index.ts';
import type { Verdict } from './model.ts';
import type { Waiver } from './waiver.ts';

export interface VerdictStore {
  /** Keeps the first verdict on the same inputs, and lets the one on the latest scan stand. Returns the kept one. */
  record(verdict: Verdict): Promise<Verdict>;
  /** The verdict that stands for an image, by its location key. */
  standing(image: string): Promise<Verdict | undefined>;
  find(image: string, inputs: Digest): Promise<Verdict | undefined>;
}

/** What people and other scanners said of an image, as of now. */
export interface TestimonyReader {
  testimonyOn(image: ImageLocation): Promise<Testimony>;
}

export interface Testimony {
  /** All waivers that were given; which are in force and concern the image is for the decision. */
  readonly waivers: readonly Waiver[];
  /** VEX about images of the repository. */
  readonly statements: readonly SourcedStatement[];
  /** The newest report of each other scanner. */
  readonly votes: readonly Vote[];
}

export interface WaiverStore {
  /** The waiver that is there, which is the given one unless an equal one was in force already. */
  add(waiver: Waiver): Promise<Waiver>;
  find(id: string): Promise<Waiver | undefined>;
  list(): Promise<readonly Waiver[]>;
  /** The waiver, removed now or before; `undefined` where there is none. */
  remove(id: string, removed: NonNullable<Waiver['removed']>): Promise<Waiver | undefined>;
  /** Up to when it was told which waivers and exceptions ended; ISO 8601. */
  reviewedUntil(): Promise<string | undefined>;
  /** Never goes back. */
  markReviewed(until: string): Promise<void>;
}
