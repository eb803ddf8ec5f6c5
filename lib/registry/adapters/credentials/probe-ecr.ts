import type { ECRClient } from '@aws-sdk/client-ecr';
import type { RegistryProbe } from '../../credentials/check/ports.ts';
import type { AwsRole } from '../../credentials/model.ts';
import type { EcrEntry } from '../../model.ts';
import { openEcrRegistry } from '../ecr.ts';
import type { HttpRegistry } from '../http/create-http-registry.ts';

/**
 * ECR: who may call `GetAuthorizationToken` is known there. What else a token opens is a matter of IAM, which says it
 * when it is tried.
 */
export function probeEcr(
  entry: EcrEntry,
  client: (region: string, role: AwsRole | undefined) => ECRClient,
): RegistryProbe & { close(): void } {
  let opened: Promise<HttpRegistry> | undefined;
  const open = (): Promise<HttpRegistry> => {
    opened ??= openEcrRegistry({ entry, client: client(entry.region, entry.awsRole) });
    return opened;
  };
  async function* later<T>(list: (registry: HttpRegistry) => AsyncIterable<T>): AsyncGenerator<T> {
    yield* list(await open());
  }
  return {
    registry: {
      headManifest: async (at, call) => (await open()).headManifest(at, call),
      listTags: (repository, call) => later((registry) => registry.listTags(repository, call)),
      listRepositories: (call) => later((registry) => registry.listRepositories(call)),
    },
    // It is there wherever AWS is; that it answers shows at the greeting.
    ping: async () => undefined,
    async greet() {
      await open();
    },
    grantsOf: async () => undefined,
    close: () =>
      void opened?.then(
        (registry) => registry.close(),
        () => undefined,
      ),
  };
}
