import type { Clock } from '../../../lib/core/clock.ts';
import type { BlobFiles } from './blob-files.ts';
import type { Journal } from './journal.ts';
import type { KeyedLock } from './keyed-lock.ts';
import type { RegistryEvent } from './model.ts';
import type { RegistryRecord } from './records.ts';
import type { Space } from './space.ts';
import type { RegistryState } from './state.ts';
import type { Uploads } from './uploads.ts';

/**
 * What the operations of the store work on. Locks are taken in one order, digest before repository: a digest's lock
 * holds its file still, a repository's lock holds still what may be checked of the repository before a record.
 */
export interface StoreParts {
  readonly state: RegistryState;
  readonly journal: Journal<RegistryRecord>;
  readonly files: BlobFiles;
  readonly uploads: Uploads;
  readonly space: Space;
  readonly locks: { readonly digest: KeyedLock; readonly repository: KeyedLock };
  readonly clock: Clock;
  emit(event: RegistryEvent): void;
}
