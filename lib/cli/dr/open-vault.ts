import { bucketClient } from '../../aws/bucket-client.ts';
import { documentSnapshots } from '../../backup/adapters/document-snapshots.ts';
import type { SnapshotStore, StoredSnapshot } from '../../backup/index.ts';
import { LadingError } from '../../core/errors.ts';
import { s3Documents } from '../../documents/adapters/s3-documents.ts';
import { createBucketRegistry } from '../../registry/adapters/bucket-registry.ts';
import type { Registry } from '../../registry/index.ts';
import { connect, localStack, type StackFile } from '../connection.ts';

export interface VaultOptions {
  /** Name of the bucket: all that is needed when nothing else is left. */
  readonly bucket?: string | undefined;
  readonly data?: string | undefined;
}

export interface Vault {
  readonly vault: Registry;
  readonly snapshots: SnapshotStore;
  readonly stack: StackFile | undefined;
}

/** The backup in its bucket, read with the caller's own credentials. A Lading that runs is not needed. */
export function openVault(options: VaultOptions): Vault {
  const stack =
    options.bucket === undefined ? connect({ ...options, onlyLocal: true }).local : localStack(options.data);
  const bucket = options.bucket ?? stack?.backupBucket;
  if (bucket === undefined) {
    throw new LadingError('bucket-unknown', 'the local stack does not say what its bucket of backups is', {
      hint: 'command line and stack are of different versions; start the stack again, or name the bucket with --bucket',
    });
  }
  const client = bucketClient(stack);
  return {
    vault: createBucketRegistry({ client, bucket, prefix: 'images/', host: 'backup' }),
    snapshots: documentSnapshots(s3Documents(client, bucket)),
    stack,
  };
}

/**
 * The snapshot that is asked for, or the newest one.
 *
 * @throws LadingError `snapshot-unknown`, `snapshot-ambiguous`
 */
export async function chooseSnapshot(
  snapshots: SnapshotStore,
  wanted: { readonly snapshot?: string | undefined; readonly registry?: string | undefined },
): Promise<StoredSnapshot> {
  if (wanted.snapshot !== undefined) return snapshots.load(wanted.snapshot);
  const keys = await snapshots.list(wanted.registry);
  const newest = keys.at(-1);
  if (newest === undefined) {
    throw new LadingError('snapshot-unknown', 'the backup holds no snapshot', {
      hint: 'the setting "backup" says what is backed up; "lading run backup-registries" does it now',
    });
  }
  const registries = new Set(keys.map((key) => key.slice(0, key.lastIndexOf('/'))));
  if (registries.size > 1) {
    const names = [...registries].map((folder) => folder.replace(/^snapshots\//, ''));
    throw new LadingError('snapshot-ambiguous', `the backup holds several registries: ${names.join(', ')}`, {
      hint: 'say which with --registry',
    });
  }
  return snapshots.load(newest);
}
