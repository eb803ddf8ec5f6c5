import type { ImageLocation } from '../core/image-reference.ts';
import type { CryptoEntry, Material, SignedStatement, StandingVerdict, StatementKey } from './model.ts';

/** Statements that were signed, written down before anyone else sees them: one per image, key, predicate and version. */
export interface StatementStore {
  find(key: StatementKey): Promise<SignedStatement | undefined>;
  /** Conditional: the first record stays, and is the answer. */
  record(statement: SignedStatement): Promise<SignedStatement>;
}

/** The verdict that stands for each image. */
export interface VerdictBoard {
  find(image: ImageLocation): Promise<StandingVerdict | undefined>;
  /** `superseded` where a verdict on a later scan, or a later one on the same, stands already. */
  stand(verdict: StandingVerdict): Promise<'stands' | 'superseded'>;
  /** Verdicts that end before the time, those of images that nobody asks for any more included. */
  endingBefore(time: Date): AsyncIterable<StandingVerdict>;
  /** Lets it stand as lapsed, out of reach of renewal; false where another verdict stands meanwhile. */
  lapse(verdict: StandingVerdict): Promise<boolean>;
}

/** Which keys and algorithms vouch for which images. */
export interface CryptoInventory {
  note(entry: CryptoEntry): Promise<void>;
  of(image: ImageLocation): Promise<readonly CryptoEntry[]>;
  /** Every entry, those of an image together. Goes on after an image, by location key. */
  all(options?: { readonly after?: string }): AsyncIterable<CryptoEntry>;
}

/** What builders and CI said of images. */
export interface MaterialStore {
  add(material: Material): Promise<void>;
  of(image: ImageLocation): Promise<readonly Material[]>;
}
