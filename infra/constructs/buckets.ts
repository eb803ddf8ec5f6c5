import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  ObjectLockRetention,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { BucketName } from '../../functions/_pipe/function.ts';

export interface BucketsProps {
  readonly removalPolicy: RemovalPolicy;
  /** How long each piece of evidence stays immutable, in days. */
  readonly evidenceRetentionDays: number;
  /** `COMPLIANCE`: nobody can shorten it, not even the account's root. `GOVERNANCE`: those with a special right can. */
  readonly evidenceLockMode: 'GOVERNANCE' | 'COMPLIANCE';
  /** How long what is backed up cannot be deleted. @default not at all */
  readonly backup: {
    readonly lock?: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number } | undefined;
  };
  /** How long the servers' access logs are kept, in days. */
  readonly logRetentionDays: number;
}

/** How long an overwritten or deleted document can still be brought back. */
const NONCURRENT_DAYS = 30;

/** How long reports of scanners are kept as they came, for whoever doubts a vote. */
const SCANNER_REPORT_DAYS = 30;

/** When archived blobs, and those of backups, move to a class that costs less to keep and more to read, and is still read at once. */
const COLD_DAYS = 30;

/** The buckets of documents, evidence and archived images, and the one that takes the access logs of all. */
export class Buckets extends Construct {
  readonly byName: Readonly<Record<BucketName, Bucket>>;
  readonly accessLogs: Bucket;

  constructor(scope: Construct, id: string, props: BucketsProps) {
    super(scope, id);
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: props.removalPolicy,
    } satisfies BucketProps;
    this.accessLogs = new Bucket(this, 'AccessLogs', {
      ...common,
      lifecycleRules: [{ id: 'expire', expiration: Duration.days(props.logRetentionDays) }],
    });
    const documents = new Bucket(this, 'Documents', {
      ...common,
      versioned: true,
      ...loggedTo(this.accessLogs),
      serverAccessLogsPrefix: 'documents/',
      lifecycleRules: [
        {
          id: 'forget-old-versions',
          noncurrentVersionExpiration: Duration.days(NONCURRENT_DAYS),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
        { id: 'forget-delete-markers', expiredObjectDeleteMarker: true },
        // What was read of them is a vote, which stays.
        {
          id: 'forget-scanner-reports',
          prefix: 'scanner-reports/',
          expiration: Duration.days(SCANNER_REPORT_DAYS),
        },
      ],
    });
    const evidence = new Bucket(this, 'Evidence', {
      ...common,
      versioned: true,
      ...lockedFor({ mode: props.evidenceLockMode, days: props.evidenceRetentionDays }),
      ...loggedTo(this.accessLogs),
      serverAccessLogsPrefix: 'evidence/',
      lifecycleRules: [{ id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    });
    // Blobs only: the small objects beside them would cost more there than they save (S3 bills 128 KiB at least).
    const coldBlobs = {
      id: 'cold-storage',
      prefix: 'images/blobs/',
      transitions: [
        { storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(COLD_DAYS) },
      ],
    };
    const abortUploads = { id: 'abort-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) };
    const archive = new Bucket(this, 'Archive', {
      ...common,
      ...loggedTo(this.accessLogs),
      serverAccessLogsPrefix: 'archive/',
      lifecycleRules: [coldBlobs, abortUploads],
    });
    const { lock } = props.backup;
    const backup = new Bucket(this, 'Backup', {
      ...common,
      // What overwrites or deletes leaves the former version there: a backup outlives whoever may write it.
      versioned: true,
      ...(lock ? lockedFor(lock) : {}),
      ...loggedTo(this.accessLogs),
      serverAccessLogsPrefix: 'backup/',
      lifecycleRules: [
        coldBlobs,
        abortUploads,
        { id: 'forget-old-versions', noncurrentVersionExpiration: Duration.days(NONCURRENT_DAYS) },
        { id: 'forget-delete-markers', expiredObjectDeleteMarker: true },
      ],
    });
    this.byName = { archive, backup, documents, evidence };
  }
}

const lockedFor = ({ mode, days }: { readonly mode: 'GOVERNANCE' | 'COMPLIANCE'; readonly days: number }) => ({
  objectLockEnabled: true,
  objectLockDefaultRetention:
    mode === 'COMPLIANCE'
      ? ObjectLockRetention.compliance(Duration.days(days))
      : ObjectLockRetention.governance(Duration.days(days)),
});

/** A cast because the CDK declares its classes without `undefined` where its interfaces have it (exact optional types). */
const loggedTo = (bucket: Bucket) =>
  ({ serverAccessLogsBucket: bucket }) as Pick<BucketProps, 'serverAccessLogsBucket'>;
