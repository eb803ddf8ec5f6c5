import { type Clock, systemClock } from '../../../../lib/core/clock.ts';
import { LadingError } from '../../../../lib/core/errors.ts';
import type { LocalService, ServiceRequest, ServiceResponse } from '../service.ts';
import { putBucket } from './buckets.ts';
import { S3Error } from './errors.ts';
import { runOperation } from './handlers.ts';
import { checkKey, isBucketName } from './keys.ts';
import type { LockMode } from './model.ts';
import { operationOf } from './operations.ts';
import { permissionsOf } from './permissions.ts';
import { S3Store } from './store.ts';
import { parseTarget } from './target.ts';
import { writeXml, type XmlNode } from './xml.ts';

/** A bucket as the template declares it (`AWS::S3::Bucket`). */
export interface BucketDeclaration {
  readonly name: string;
  readonly region: string;
  readonly versioned: boolean;
  /** Enables Object Lock, which needs versioning; with `mode` and `days` or `years` also the default retention. */
  readonly objectLock?: { readonly mode?: LockMode; readonly days?: number; readonly years?: number };
}

export interface S3Service extends LocalService {
  /** Creates the bucket, or brings an existing one to the declaration; objects stay as they are. */
  createBucket(declaration: BucketDeclaration): Promise<'created' | 'updated'>;
  close(): Promise<void>;
}

export interface S3Options {
  /** The folder of the journal and the object files; one process at a time. */
  readonly directory: string;
  readonly clock?: Clock;
}

/**
 * S3 on a folder, for unmodified SDK clients with path-style addresses.
 *
 * @throws LadingError `folder-in-use`, `journal-damaged`, `state-invalid`
 */
export async function openS3Service({ directory, clock = systemClock }: S3Options): Promise<S3Service> {
  const store = await S3Store.open(directory);
  const now = (): number => clock.now().getTime();
  return {
    name: 's3',
    streams: (request) => !(request.method === 'POST' && /[?&]delete(?:[=&]|$)/.test(request.rawTarget ?? '')),
    authorize: (request, body) => {
      try {
        const target = parseTarget(request);
        return permissionsOf(operationOf(request.method, target, request.headers), target, request.headers, body);
      } catch (error) {
        // A request that cannot be read is refused by `handle`, for the same reason and without effect.
        if (error instanceof S3Error) return [];
        throw error;
      }
    },
    handle: (request) => handle(store, request, now),
    createBucket: (declaration) => declareBucket(store, declaration, now()),
    close: () => store.close(),
  };
}

async function declareBucket(store: S3Store, declaration: BucketDeclaration, created: number) {
  const { name, region, versioned, objectLock } = declaration;
  if (!isBucketName(name)) throw new LadingError('bucket-invalid', `"${name}" is not a bucket name`);
  if (objectLock && !versioned) {
    throw new LadingError('bucket-invalid', `the bucket ${name} has Object Lock and no versioning`);
  }
  const existing = store.buckets.get(name)?.bucket;
  if (existing?.lock && !objectLock) {
    throw new LadingError('bucket-invalid', `Object Lock cannot be taken off the bucket ${name}`);
  }
  const mode = objectLock?.mode;
  const period = {
    ...(objectLock?.days === undefined ? {} : { days: objectLock.days }),
    ...(objectLock?.years === undefined ? {} : { years: objectLock.years }),
  };
  if ((mode !== undefined) !== (Object.keys(period).length === 1)) {
    throw new LadingError('bucket-invalid', `the default retention of ${name} needs a mode and either days or years`);
  }
  const off = existing && existing.versioning !== 'Unversioned' ? 'Suspended' : 'Unversioned';
  return putBucket(store, {
    name,
    region,
    created,
    versioning: versioned ? 'Enabled' : off,
    ...(objectLock ? { lock: mode === undefined ? {} : { default: { mode, ...period } } } : {}),
  });
}

async function handle(store: S3Store, request: ServiceRequest, now: () => number): Promise<ServiceResponse> {
  try {
    const target = parseTarget(request);
    const operation = operationOf(request.method, target, request.headers);
    if (target.key !== undefined) checkKey(target.key);
    const { headers } = request;
    const call = { store, request, operation, headers, query: target.query, now };
    return await runOperation(call, target.bucket, target.key);
  } catch (error) {
    return errorResponse(error, request);
  }
}

function errorResponse(error: unknown, request: ServiceRequest): ServiceResponse {
  const answer = error instanceof S3Error ? error : internalError(error);
  const content: XmlNode[] = [
    ['Code', answer.code],
    ['Message', answer.message],
    ...Object.entries(answer.details),
    ['Resource', request.url.pathname],
  ];
  const body = writeXml('Error', content, '');
  return {
    status: answer.status,
    headers: { ...answer.headers, 'content-type': 'application/xml' },
    // An answer to HEAD has no body, and 304 has none either.
    ...(request.method === 'HEAD' ? {} : { body }),
  };
}

function internalError(error: unknown): S3Error {
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return new S3Error(507, 'InsufficientStorage', 'There is no space left on the disk that holds the local S3.');
  }
  return new S3Error(
    500,
    'InternalError',
    error instanceof Error ? error.message : 'We encountered an internal error.',
  );
}
