import type { Digest } from '../core/digest.ts';
import type { Verdict } from './model.ts';

export interface VerdictStore {
  /** Keeps the first verdict on the same inputs, and lets the one on the latest scan stand. Returns the kept one. */
  record(verdict: Verdict): Promise<Verdict>;
  /** The verdict that stands for an image, by its location key. */
  standing(image: string): Promise<Verdict | undefined>;
  find(image: string, inputs: Digest): Promise<Verdict | undefined>;
}
