import type { Vote } from './model.ts';

/** The newest report of each scanner about each image, by location key. */
export interface VoteStore {
  /** `superseded` when a report of a later scan by the same voter is there; that one stays. */
  put(image: string, vote: Vote): Promise<'stored' | 'unchanged' | 'superseded'>;
  of(image: string): Promise<readonly Vote[]>;
}
