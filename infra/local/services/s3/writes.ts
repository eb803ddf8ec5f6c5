import { type ObjectCall, versionHeader } from './call.ts';
import { checkWrite, type WriteCondition } from './conditions.ts';
import { conditionalConflict } from './errors.ts';
import type { Bucket, StoredObject } from './model.ts';
import { currentObject } from './store.ts';

/** Notes deletions of the key while the bytes of a conditional write are on their way. */
export interface WriteWatch {
  readonly deleted: boolean;
  end(): void;
}

const CONDITION_NAMES = { none: '', absent: 'If-None-Match', etag: 'If-Match' } as const;

/**
 * Puts a version on top of a key, if the condition holds at that moment.
 *
 * A conditional write does not wait for another write of the key that is just being committed, nor does it pass over a
 * deletion that happened while its bytes came: S3 answers both with 409, and the client has to look again.
 *
 * @throws S3Error `ConditionalRequestConflict`, `PreconditionFailed`, `NoSuchKey`, `NoSuchBucket`
 */
export async function commitObject(
  call: ObjectCall,
  condition: WriteCondition,
  watch: WriteWatch,
  build: (bucket: Bucket, now: number) => StoredObject,
  completes?: string,
): Promise<{ readonly version: StoredObject; readonly headers: Record<string, string> }> {
  const { store, bucket, key } = call;
  const conflict = conditionalConflict(CONDITION_NAMES[condition.kind]);
  if (condition.kind !== 'none' && store.isBusy(bucket, key)) throw conflict;
  return store.exclusiveKey(bucket, key, async (state) => {
    if (condition.kind === 'absent' && watch.deleted) throw conflict;
    checkWrite(condition, key, currentObject(state, key));
    const version = build(state.bucket, call.now());
    await store.commit({ type: 'put', bucket, key, version, ...(completes === undefined ? {} : { completes }) });
    return { version, headers: versionHeader(state.bucket, version) };
  });
}
