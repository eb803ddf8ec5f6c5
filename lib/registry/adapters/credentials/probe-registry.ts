import { z } from 'zod';
import { systemClock } from '../../../core/clock.ts';
import { isLadingError } from '../../../core/errors.ts';
import type { RegistryProbe } from '../../credentials/check/ports.ts';
import { jwtClaims } from '../../credentials/parse-secret.ts';
import type { CredentialTest } from '../../credentials/rotation/ports.ts';
import { registryError } from '../../errors.ts';
import type { RegistryCredentials } from '../../ports.ts';
import { createTokenAuthenticator } from '../http/authenticator.ts';
import { createHttpRegistry, type HttpRegistryOptions } from '../http/create-http-registry.ts';
import { createExchange } from '../http/exchange.ts';
import { createOriginPolicy } from '../http/origin-policy.ts';
import { createTransport } from '../http/transport.ts';

const anonymous = async (): Promise<RegistryCredentials> => ({ kind: 'anonymous' });

/** Distribution, "Token Authentication Implementation": what a token says that it opens. */
const accessSchema = z.object({
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()).nullable() })).nullable(),
});

/** Asks a registry what it thinks of us, by the same connection, rules and token flow as all work goes. */
export function probeRegistry(options: HttpRegistryOptions): RegistryProbe & { close(): void } {
  const { url, credentials = anonymous, renewCredentials, service, clock = systemClock, retry } = options;
  const { allowHosts = [], allowInsecure = false, allowPrivate = false } = options;
  const policy = createOriginPolicy({ base: url, allowHosts, allowInsecure, allowPrivate });
  const transport = createTransport(policy, options.transport);
  const authenticator = createTokenAuthenticator({
    ...{ policy, transport, credentials, renewCredentials, service, clock },
  });
  const exchange = createExchange({ policy, transport, authenticator, clock, ...(retry ? { retry } : {}) });
  const registry = createHttpRegistry({ ...options, authenticator });
  return {
    registry,
    async ping() {
      const headers = { 'accept-encoding': 'identity' };
      const response = await transport.send({ method: 'GET', url: new URL('/v2/', url), headers });
      response.discard();
      if (response.status === 200 || response.status === 401) return;
      throw registryError('registry-protocol', `${url.host} answered /v2/ with status ${response.status}`);
    },
    async greet() {
      const what = 'the registry';
      const response = await exchange.send({ method: 'GET', at: '/v2/', what, scopes: [] });
      response.discard();
      if (response.status !== 200) {
        throw registryError('registry-protocol', `${url.host} answered /v2/ with status ${response.status}`);
      }
    },
    async grantsOf(repository, actions) {
      const header = await authenticator.authorize([`repository:${repository}:${actions.join(',')}`]);
      if (header === undefined || !header.startsWith('Bearer ')) return undefined;
      const claims = accessSchema.safeParse(jwtClaims(header.slice('Bearer '.length)));
      if (!claims.success) return undefined;
      const ours = (claims.data.access ?? []).filter(({ type, name }) => type === 'repository' && name === repository);
      return ours.flatMap((one) => one.actions ?? []);
    },
    close() {
      registry.close();
      transport.close();
    },
  };
}

/** Whether a registry takes credentials that are not in force yet. */
export function credentialTest(options: HttpRegistryOptions): CredentialTest {
  return {
    async works(credentials) {
      const { renewCredentials: _never, ...connection } = options;
      const probe = probeRegistry({ ...connection, credentials: async () => credentials });
      try {
        await probe.greet();
        return true;
      } catch (error) {
        if (isLadingError(error, 'registry-denied')) return false;
        throw error;
      } finally {
        probe.close();
      }
    },
  };
}
