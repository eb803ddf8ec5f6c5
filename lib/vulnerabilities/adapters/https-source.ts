import type { AdvisorySource } from '../ports.ts';
import { conditionOf, expectOk, type PublisherOptions, publisherClient, validatorOf } from './publisher-client.ts';

/** One advisory file behind an https address, asked for on the condition that it changed. */
export function httpsSource(options: PublisherOptions): AdvisorySource {
  const { name, url, checksum, scope = 'complete' } = options;
  return {
    name,
    scope,
    async read(validator) {
      const client = publisherClient(options);
      const response = await client.ask(url, conditionOf(validator));
      if (response.status === 304) return { kind: 'unchanged', fetchedBytes: client.fetched() };
      const bytes = await client.body(expectOk(response, url), url);
      if (checksum) await client.verify(bytes, url, checksum);
      return {
        kind: 'files',
        validator: validatorOf(response),
        fetchedBytes: client.fetched(),
        files: (async function* () {
          yield { path: new URL(url).pathname, bytes };
        })(),
      };
    },
  };
}
