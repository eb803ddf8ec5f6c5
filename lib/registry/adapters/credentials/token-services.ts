import type { TokenRequest, TokenServices } from '../../credentials/ports.ts';
import { registryError } from '../../errors.ts';
import { callService, type ServiceAnswer, type ServiceOptions } from './call-service.ts';

/** Services that give out tokens, over a connection that goes to the URL's own host and nowhere else. */
export function createTokenServices(options: ServiceOptions = {}): TokenServices {
  return {
    async post(request: TokenRequest) {
      const { url, form, json, headers } = request;
      const answer = await callService(
        {
          method: 'POST',
          url,
          headers: { ...headers },
          ...(form === undefined ? { json: json ?? {} } : { form }),
        },
        options,
      );
      return accept(answer, url.host);
    },
  };
}

function accept({ status, json }: ServiceAnswer, host: string): unknown {
  if (status === 200 || status === 201) return json;
  if (status === 400 || status === 401 || status === 403 || status === 404) {
    throw registryError('registry-denied', `${host} gives no token for these credentials (status ${status})`, {
      hint: 'are they still valid, and for this registry?',
    });
  }
  const busy = status === 429 || status >= 500;
  throw registryError(busy ? 'registry-unavailable' : 'registry-protocol', `${host} answered with status ${status}`);
}
