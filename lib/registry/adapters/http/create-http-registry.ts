import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../../../core/clock.ts';
import type { ManifestRemover, PullLimit, Registry, RegistryCredentials, SubjectLocks } from '../../ports.ts';
import { memorySubjectLocks } from '../subject-locks.ts';
import { type Authenticator, createTokenAuthenticator } from './authenticator.ts';
import { createBlobReader } from './blobs.ts';
import { createExchange } from './exchange.ts';
import { createHeadCache } from './head-cache.ts';
import { createRegistryLister } from './lists.ts';
import { createBlobLocator } from './locate-blob.ts';
import { createManifestRemover, createManifestWriter } from './manifest-writer.ts';
import { createManifestReader } from './manifests.ts';
import { createOriginPolicy } from './origin-policy.ts';
import type { Pacer } from './pacer.ts';
import { createPullGuard } from './pull-guard.ts';
import { createReferrerReader } from './referrers.ts';
import { createResumableUploads } from './resumable-uploads.ts';
import type { RetryOptions } from './retry.ts';
import { createTransport, type TransportOptions } from './transport.ts';
import { createBlobWriter } from './uploads.ts';

export interface HttpRegistryOptions {
  /** The name in references; `url` is where it is spoken to. */
  readonly host: string;
  readonly url: URL;
  readonly allowHosts?: readonly string[];
  readonly allowInsecure?: boolean;
  readonly allowPrivate?: boolean;
  readonly chunkBytes?: number | undefined;
  readonly credentials?: () => Promise<RegistryCredentials>;
  /** Reads them anew after they were refused. */
  readonly renewCredentials?: (refused: RegistryCredentials) => Promise<RegistryCredentials | undefined>;
  /** What the registry calls itself at its token service, where that is known. */
  readonly service?: string | undefined;
  /** Instead of the challenges of the registry, where the scheme is known beforehand. */
  readonly authenticator?: Authenticator;
  readonly clock?: Clock;
  readonly retry?: RetryOptions;
  readonly transport?: TransportOptions;
  /** Keeps requests within quotas. */
  readonly pacer?: Pacer;
  /** Who writes the fallback tag of referrers. @default one after another in this process */
  readonly locks?: SubjectLocks;
  /** Told whenever the registry says that fewer pulls remain. */
  readonly onPullLimit?: (host: string, limit: PullLimit) => void;
}

export interface HttpRegistry extends Registry {
  /** What the registry last said of its limit on pulls, if it has one. */
  pullLimit(): PullLimit | undefined;
  /** Has what was seen under digests forgotten by deletions that take another way. */
  around(remover: ManifestRemover): ManifestRemover;
  /** Closes idle connections. */
  close(): void;
}

const anonymous = async (): Promise<RegistryCredentials> => ({ kind: 'anonymous' });

/** A client of the OCI distribution API, version 1.1, that trusts neither what it is told nor where it is sent. */
export function createHttpRegistry(options: HttpRegistryOptions): HttpRegistry {
  const { host, url, credentials = anonymous, renewCredentials, service, clock = systemClock, retry } = options;
  const policy = createOriginPolicy({
    base: url,
    allowHosts: options.allowHosts ?? [],
    allowInsecure: options.allowInsecure ?? false,
    allowPrivate: options.allowPrivate ?? false,
  });
  const transport = createTransport(policy, options.transport);
  const authenticator =
    options.authenticator ??
    createTokenAuthenticator({ policy, transport, credentials, renewCredentials, service, clock });
  const guard = createPullGuard(host, clock, options.onPullLimit);
  const { pacer, locks = memorySubjectLocks() } = options;
  const { observe } = guard;
  const exchange = createExchange({
    ...{ policy, transport, authenticator, clock, pacer, observe },
    ...(retry ? { retry } : {}),
  });
  const heads = createHeadCache(clock);
  const manifests = createManifestReader(exchange, guard);
  const blobs = heads.blobs(createBlobReader(exchange));
  const random = retry?.random ?? Math.random;
  const pause = (attempt: number) => delay(random() * 50 * 2 ** Math.min(attempt, 6));
  return {
    host,
    ...manifests,
    ...blobs,
    locateBlob: createBlobLocator({ policy, authenticator, blobs }),
    ...createRegistryLister(exchange),
    ...createReferrerReader(exchange, manifests),
    ...createBlobWriter(exchange, blobs, { chunkBytes: options.chunkBytes }),
    ...createManifestWriter(exchange, manifests, { pause, host, locks }),
    ...heads.remover(createManifestRemover(exchange)),
    uploads: createResumableUploads(exchange),
    around: heads.remover,
    pullLimit: guard.limit,
    close: () => transport.close(),
  };
}
