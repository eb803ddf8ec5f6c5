import type { ECRClient } from '@aws-sdk/client-ecr';
import type { Clock } from '../../core/clock.ts';
import { LadingError, unreachable } from '../../core/errors.ts';
import type { AwsRole } from '../credentials/model.ts';
import { registryError } from '../errors.ts';
import { knownRegistry } from '../known-hosts.ts';
import type { DistributionEntry, RegistryEntry } from '../model.ts';
import type {
  CredentialProvider,
  CredentialsOfEntry,
  PullLimit,
  Registries,
  Registry,
  RequestBudget,
  SubjectLocks,
} from '../ports.ts';
import { createHttpRegistry, type HttpRegistryOptions } from './http/create-http-registry.ts';
import type { RetryOptions } from './http/retry.ts';
import type { TransportOptions } from './http/transport.ts';

export interface RegistriesDependencies {
  /** A client of the region, with our own identity or a role. Needed where the configuration has an entry of kind `ecr`. */
  readonly ecrClient?: (region: string, role?: AwsRole) => ECRClient;
  /** Needed where an entry's credentials do not stand in the configuration itself. */
  readonly credentials?: CredentialsOfEntry;
  readonly clock?: Clock;
  readonly retry?: RetryOptions;
  readonly transport?: TransportOptions;
  /** Shared by all who push to ECR at once. @default this process by itself */
  readonly budget?: RequestBudget;
  /** One writer per subject where a registry has no referrers API. @default within this process */
  readonly locks?: SubjectLocks;
  readonly onPullLimit?: (host: string, limit: PullLimit) => void;
}

/**
 * Registries that were checked before, opened on first use and kept: connections and tokens serve all who ask. What checks
 * a configuration takes longer to load than a small image to read, and whoever names one registry has none.
 */
export function openEntries(
  configured: readonly RegistryEntry[],
  dependencies: RegistriesDependencies = {},
): Registries {
  const entries = new Map(configured.map((entry) => [entry.host.toLowerCase(), entry]));
  const opened = new Map<string, Promise<Registry>>();
  return {
    async open(host) {
      const key = host.toLowerCase();
      const entry = entries.get(key);
      if (entry === undefined) {
        throw registryError('registry-unknown', `the registry "${host.slice(0, 255)}" is not configured`, {
          hint: entries.size === 0 ? 'no registry is' : `known are: ${[...entries.keys()].join(', ').slice(0, 500)}`,
        });
      }
      const known = opened.get(key) ?? openEntry(entry, dependencies);
      opened.set(key, known);
      known.catch(() => opened.delete(key));
      return known;
    },
  };
}

async function openEntry(entry: RegistryEntry, dependencies: RegistriesDependencies): Promise<Registry> {
  const { clock, retry, transport, budget, locks, onPullLimit } = dependencies;
  const shared = {
    ...(clock ? { clock } : {}),
    ...(retry ? { retry } : {}),
    ...(transport ? { transport } : {}),
    ...(locks ? { locks } : {}),
  };
  switch (entry.kind) {
    case 'ecr': {
      if (dependencies.ecrClient === undefined) {
        throw new LadingError(
          'configuration-invalid',
          `${entry.host} is an ECR registry, and there is no ECR client here`,
        );
      }
      // The SDK costs more to load than a small image to read, and most registries are not ECR.
      const { openEcrRegistry } = await import('./ecr.ts');
      const client = dependencies.ecrClient(entry.region, entry.awsRole);
      return openEcrRegistry({ entry, client, ...shared, ...(budget ? { budget } : {}) });
    }
    case 'distribution':
      return createHttpRegistry({
        ...connectionOf(entry, dependencies.credentials),
        ...shared,
        ...(onPullLimit ? { onPullLimit } : {}),
      });
    default:
      return unreachable(entry);
  }
}

/** Where an entry's registry is, what it may lead to, and how it is convinced. */
export function connectionOf(entry: DistributionEntry, source: CredentialsOfEntry | undefined): HttpRegistryOptions {
  const known = knownRegistry(entry.host);
  const url = addressOf(entry);
  const provider = providerOf(entry, url, source);
  return {
    host: entry.host,
    url,
    allowHosts: [...entry.allowHosts, ...(known?.allowHosts ?? [])],
    allowInsecure: entry.allowInsecure,
    allowPrivate: entry.allowPrivate,
    chunkBytes: entry.chunkBytes,
    // Whoever answers at another address than the public registry's own may call itself otherwise.
    service: entry.service ?? (entry.url === undefined ? known?.service : undefined),
    credentials: async () => (await provider.current()).credentials,
    renewCredentials: (refused) => provider.renew(refused),
  };
}

const addressOf = ({ host, url, allowInsecure }: DistributionEntry): URL =>
  new URL(url ?? `${allowInsecure ? 'http' : 'https'}://${knownRegistry(host)?.apiHost ?? host}`);

function providerOf(
  { credentials, host }: DistributionEntry,
  url: URL,
  source: CredentialsOfEntry | undefined,
): CredentialProvider {
  if (credentials.kind === 'anonymous' || credentials.kind === 'basic' || credentials.kind === 'bearer') {
    return { current: async () => ({ credentials }), renew: async () => undefined };
  }
  if (source !== undefined) return source({ host, url, credentials });
  const missing = async (): Promise<never> => {
    const message = `the credentials of ${host} are kept elsewhere ("${credentials.kind}"), and nothing here reads them`;
    throw new LadingError('configuration-invalid', message);
  };
  return { current: missing, renew: missing };
}
