import { type Digest, isDigest } from '../../core/digest.ts';
import type { SignedTarget } from './model.ts';

/** What is to be done about one tag that Docker Content Trust signed. */
export type MigrationStep =
  /** Signed as of today already. */
  | 'done'
  /** The tag still is what was signed: sign it in a format of today. */
  | 'sign'
  /** The tag is something else now than what was signed: a person must say which is right. */
  | 'review'
  /** What was signed is not in the registry any more. */
  | 'gone';

export interface MigrationRow {
  readonly tag: string;
  /** What the trust data vouch for. */
  readonly digest: Digest;
  readonly role: string;
  readonly signedBy: readonly string[];
  /** What the tag is in the registry. */
  readonly current?: Digest;
  readonly step: MigrationStep;
}

export interface RegistryState {
  /** What the tag is now. */
  readonly current: Digest | undefined;
  /** Whether what was signed is still there, under whatever name. */
  readonly isThere: boolean;
  /** Whether a signature of a format of today lies beside it. */
  readonly isSigned: boolean;
}

/** The digest that a target stands for: Docker Content Trust signs tag → SHA-256 of the manifest. */
export function targetDigest(target: SignedTarget): Digest | undefined {
  const digest = `sha256:${target.hashes.get('sha256') ?? ''}`;
  return isDigest(digest) ? digest : undefined;
}

/** Pure: a row for the report. */
export function planMigration(target: SignedTarget, digest: Digest, state: RegistryState): MigrationRow {
  const { name: tag, role, signedBy } = target;
  const { current, isThere, isSigned } = state;
  const step = !isThere ? 'gone' : isSigned ? 'done' : current === digest ? 'sign' : 'review';
  return { tag, digest, role, signedBy, ...(current === undefined ? {} : { current }), step };
}
