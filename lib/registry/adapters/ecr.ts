import type { ECRClient } from '@aws-sdk/client-ecr';
import { type Clock, systemClock } from '../../core/clock.ts';
import { isLadingError } from '../../core/errors.ts';
import type { EcrEntry } from '../model.ts';
import type { CallOptions, Registry, RequestBudget, SubjectLocks } from '../ports.ts';
import { createEcrControl, type EcrAuthorization, type EcrControl } from './ecr/ecr-control.ts';
import { ecrQuotaOf } from './ecr/quotas.ts';
import type { Authenticator } from './http/authenticator.ts';
import { createHttpRegistry, type HttpRegistry } from './http/create-http-registry.ts';
import { createPacer } from './http/pacer.ts';
import type { RetryOptions } from './http/retry.ts';
import type { TransportOptions } from './http/transport.ts';
import { memoryBudget } from './request-budgets.ts';

export interface EcrRegistryOptions {
  readonly entry: EcrEntry;
  /** A client of the entry's region. */
  readonly client: ECRClient;
  readonly clock?: Clock;
  readonly retry?: RetryOptions;
  readonly transport?: TransportOptions;
  /** Shared by all who push there at once. @default this process by itself */
  readonly budget?: RequestBudget;
  readonly locks?: SubjectLocks;
}

/** A token is renewed this long before its end (ECR's hold 12 hours), in milliseconds. */
const MARGIN_MS = 15 * 60 * 1000;

/**
 * Amazon ECR: images through the distribution API at the endpoint that `GetAuthorizationToken` names, lists and
 * deletions through ECR's own. An endpoint that is not an AWS host (the local stack's) was named over an
 * authenticated call, which is the permission to speak to it there, over plain http if it says so.
 *
 * `deleteTag` removes the image too where it was the last tag: that is what ECR does (API reference,
 * "BatchDeleteImage").
 */
export async function openEcrRegistry(options: EcrRegistryOptions): Promise<HttpRegistry> {
  const { entry, client, clock = systemClock, retry, transport, locks, budget = memoryBudget(clock) } = options;
  const control = createEcrControl(client, entry.account);
  const authorization = cachedAuthorization(control, clock);
  const { endpoint } = await authorization.get();
  const isAws = /^\d{12}\.dkr[.-]ecr[.-]/.test(endpoint.hostname);
  const http = createHttpRegistry({
    host: entry.host,
    // The token opens every registry that the caller may use; the endpoint is only that of the caller's own account.
    url: isAws ? new URL(`https://${entry.host}`) : endpoint,
    allowHosts: [...entry.allowHosts, ...layerHosts(entry.region)],
    allowInsecure: entry.allowInsecure || (!isAws && endpoint.protocol === 'http:'),
    allowPrivate: entry.allowPrivate || !isAws,
    chunkBytes: entry.chunkBytes,
    authenticator: authorization.authenticator,
    clock,
    pacer: createPacer({
      host: entry.host,
      quotaOf: ecrQuotaOf,
      budget,
      clock,
      ...(retry?.sleep ? { sleep: retry.sleep } : {}),
    }),
    ...(locks === undefined ? {} : { locks }),
    ...(retry === undefined ? {} : { retry }),
    ...(transport === undefined ? {} : { transport }),
  });
  return withControlPlane(entry.createRepositories ? creatingRepositories(http, control) : http, control);
}

/** Buckets that ECR redirects layer downloads to (ECR user guide, "Amazon S3 gateway endpoint"). */
const layerHosts = (region: string): readonly string[] => {
  const bucket = `prod-${region}-starport-layer-bucket`;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return [`${bucket}.s3.${region}.${domain}`, `${bucket}.s3.dualstack.${region}.${domain}`, `${bucket}.s3.${domain}`];
};

function cachedAuthorization(
  control: EcrControl,
  clock: Clock,
): { get(): Promise<EcrAuthorization>; readonly authenticator: Authenticator } {
  let current: Promise<EcrAuthorization> | undefined;
  let renewedAt = 0;
  const renew = (): Promise<EcrAuthorization> => {
    renewedAt = clock.now().getTime();
    const asked = control.authorize();
    asked.catch(() => {
      if (current === asked) current = undefined;
    });
    current = asked;
    return asked;
  };
  const get = async (): Promise<EcrAuthorization> => {
    const known = current;
    if (known === undefined) return renew();
    const kept = await known;
    if (kept.expiresAt.getTime() - MARGIN_MS > clock.now().getTime()) return kept;
    return current === known ? renew() : get();
  };
  return {
    get,
    authenticator: {
      authorize: async () => (await get()).header,
      async learn() {
        // Refused though it should hold: once a minute a new token is worth asking for.
        if (clock.now().getTime() - renewedAt < 60_000) return false;
        await renew();
        return true;
      },
    },
  };
}

const withControlPlane = (http: HttpRegistry, control: EcrControl): HttpRegistry => ({
  ...http,
  archivalClass: control.archivalClass,
  listTags: (repository, call) => control.listTags(repository, call?.signal),
  listImages: (repository, call) => control.listImages(repository, call?.signal),
  listRepositories: (call) => control.listRepositories(call?.signal),
  // ECR's token would open every repository that we may read.
  locateBlob: async ({ repository, digest }, call) => ({
    url: await control.layerUrl(repository, digest, call?.signal),
    headers: {},
  }),
  ...http.around({
    deleteManifest: ({ repository, digest }, call) =>
      control.deleteImage(repository, { imageDigest: digest }, call?.signal),
    deleteTag: ({ repository, tag }, call) => control.deleteImage(repository, { imageTag: tag }, call?.signal),
  }),
});

/** Makes the repository at the first write that finds none; the upload had not begun, so nothing of it is lost. */
function creatingRepositories(http: HttpRegistry, control: EcrControl): HttpRegistry {
  const retrying =
    <To extends { readonly repository: string }, Call, Result>(write: (to: To, call?: Call) => Promise<Result>) =>
    async (to: To, call?: Call): Promise<Result> => {
      try {
        return await write(to, call);
      } catch (error) {
        if (!isLadingError(error, 'repository-unknown')) throw error;
        await control.createRepository(to.repository);
        return write(to, call);
      }
    };
  const { putBlob, putManifest, attachReferrer, mountBlob, uploads } = http satisfies Registry;
  const begin =
    uploads &&
    retrying((to: { readonly repository: string }, call?: CallOptions) => uploads.begin(to.repository, call));
  return {
    ...http,
    ...(uploads && begin ? { uploads: { ...uploads, begin: (repository, call) => begin({ repository }, call) } } : {}),
    putBlob: retrying(putBlob),
    putManifest: retrying(putManifest),
    attachReferrer: retrying(attachReferrer),
    mountBlob: retrying(mountBlob),
  };
}
