import { systemClock } from '../../core/clock.ts';
import { LadingError } from '../../core/errors.ts';
import { isRegistryHost } from '../../core/image-reference.ts';
import type { Registries } from '../../registry/index.ts';
import type { StackFile } from '../connection.ts';
import { dockerCredentials } from './docker-credentials.ts';

export interface RegistryAccess {
  /** The local stack, if one runs: its registries go by the names in events and by their addresses. */
  readonly stack?: StackFile | undefined;
  /** Plain http, and private addresses, for registries that are not on this machine. */
  readonly plainHttp?: boolean | undefined;
}

const ECR = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
/** What a configuration may say besides, and a person at a command line does not. */
const COMMON = { role: 'source', allowHosts: [] as string[] } as const;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/**
 * The registries that a person names on the command line: naming one is allowing it. Credentials are those that
 * `docker login` left; for ECR, those of the AWS SDK.
 */
export function namedRegistries(access: RegistryAccess): Registries {
  return {
    async open(host) {
      if (!isRegistryHost(host)) {
        throw new LadingError('reference-invalid', `"${host.slice(0, 255)}" is not the name of a registry`);
      }
      const { openEntries } = await import('../../registry/adapters/open-entries.ts');
      const local = localRegistry(access.stack, host);
      const [, account, region] = ECR.exec(host) ?? [];
      if (local === undefined && account !== undefined && region !== undefined) {
        const { ecrClient } = await import('../../aws/clients.ts');
        const network = { ...COMMON, allowInsecure: false, allowPrivate: false };
        const entry = { kind: 'ecr', host, ...network, region, account, createRepositories: false } as const;
        return openEntries([entry], { ecrClient: (region) => ecrClient(region) }).open(host);
      }
      const near = local !== undefined || LOOPBACK.test(host);
      const open = near || access.plainHttp === true;
      const login = local ? { kind: 'anonymous' as const } : await dockerCredentials(host);
      const network = { ...COMMON, ...(local ? { url: local.url } : {}), allowInsecure: open, allowPrivate: open };
      const entry = { kind: 'distribution', host, ...network, credentials: { kind: 'docker-config' } } as const;
      return openEntries([entry], {
        clock: systemClock,
        credentials: () => ({ current: async () => ({ credentials: login }), renew: async () => undefined }),
      }).open(host);
    },
  };
}

type LocalRegistry = StackFile['registries'][number];

/** Finds a registry of the local stack by its name in events or by the address that people push to. */
export function localRegistry(stack: StackFile | undefined, host: string): LocalRegistry | undefined {
  const given = sameLoopback(host);
  return stack?.registries.find((one) => one.host === host || sameLoopback(new URL(one.url).host) === given);
}

const sameLoopback = (host: string): string => host.toLowerCase().replace(/^(?:localhost|\[::1\])(?=:|$)/, '127.0.0.1');
