import { accessDenied, invalidArgument, invalidRequest, S3Error } from './errors.ts';
import {
  type Bucket,
  type DefaultRetention,
  type Description,
  type LockMode,
  lockMode,
  type Retention,
} from './model.ts';

/** S3 User Guide, "Locking objects with Object Lock". */

const DAY = 24 * 60 * 60 * 1000;

const PROTECTED = 'Access Denied because object protected by object lock.';

/**
 * Whether a version may be removed or its retention lowered.
 *
 * @throws S3Error `AccessDenied` while a legal hold or a retention covers it
 */
export function assertRemovable(description: Description, now: number, bypassGovernance: boolean): void {
  if (description.legalHold) throw accessDenied(PROTECTED);
  if (isRetained(description.retention, now, bypassGovernance)) throw accessDenied(PROTECTED);
}

function isRetained(retention: Retention | undefined, now: number, bypassGovernance: boolean): boolean {
  if (retention === undefined || retention.until <= now) return false;
  return retention.mode === 'COMPLIANCE' || !bypassGovernance;
}

/**
 * A new retention in place of the old. Longer is always allowed; in COMPLIANCE mode nothing else is, to anyone, and in
 * GOVERNANCE mode the rest needs the bypass.
 *
 * @throws S3Error `AccessDenied`
 */
export function assertRetentionChange(
  old: Retention | undefined,
  next: Retention | undefined,
  now: number,
  bypassGovernance: boolean,
): void {
  if (!isRetained(old, now, bypassGovernance) || old === undefined) return;
  const longer = next !== undefined && next.until >= old.until;
  const asStrict = next !== undefined && (next.mode === old.mode || next.mode === 'COMPLIANCE');
  if (!longer || !asStrict) throw accessDenied(PROTECTED);
}

/** @throws S3Error `InvalidArgument` */
export function readRetention(mode: string | undefined, until: string | undefined, now: number): Retention | undefined {
  if (mode === undefined && until === undefined) return undefined;
  if (mode === undefined || until === undefined) {
    throw invalidArgument(
      'x-amz-object-lock-mode',
      mode ?? '',
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
    );
  }
  const at = /^\d{4}-\d{2}-\d{2}T/.test(until) ? Date.parse(until) : Number.NaN;
  if (Number.isNaN(at))
    throw invalidArgument('RetainUntilDate', until, 'The retain until date must be an ISO 8601 date');
  if (at <= now) throw invalidArgument('RetainUntilDate', until, 'The retain until date must be in the future!');
  return { mode: readMode(mode), until: at };
}

export function readMode(mode: string): LockMode {
  const parsed = lockMode.safeParse(mode);
  if (!parsed.success) throw invalidArgument('Mode', mode, 'Unknown wormMode directive.');
  return parsed.data;
}

/** @throws S3Error `InvalidArgument` */
export function readLegalHold(status: string): boolean {
  if (status !== 'ON' && status !== 'OFF')
    throw invalidArgument('LegalHold', status, 'The legal hold must be ON or OFF');
  return status === 'ON';
}

/** The retention of a new version: what the upload asked for, or else the default of the bucket from now on. */
export function withDefaultRetention(bucket: Bucket, description: Description, now: number): Description {
  const preset = bucket.lock?.default;
  if (preset === undefined || description.retention !== undefined) return description;
  return { ...description, retention: { mode: preset.mode, until: retainUntil(preset, now) } };
}

function retainUntil({ days, years }: DefaultRetention, now: number): number {
  if (years === undefined) return now + (days ?? 0) * DAY;
  const date = new Date(now);
  return date.setUTCFullYear(date.getUTCFullYear() + years);
}

/** @throws S3Error `InvalidRequest` */
export function assertLockable(bucket: Bucket): void {
  if (bucket.lock === undefined) throw invalidRequest('Bucket is missing Object Lock Configuration');
}

export const lockNotFound = (): S3Error =>
  new S3Error(404, 'NoSuchObjectLockConfiguration', 'The specified object does not have an ObjectLock configuration');
