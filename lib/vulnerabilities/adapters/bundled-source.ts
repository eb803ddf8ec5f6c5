import { bundledRecords } from '../bundled/records.ts';
import type { AdvisorySource } from '../ports.ts';

/** The advisories that come with Lading: an excerpt, so that a fresh installation has something true to show. */
export function bundledSource(): AdvisorySource {
  return {
    name: 'bundled',
    scope: 'excerpt',
    read: async () => ({
      kind: 'files',
      files: (async function* () {
        yield { path: 'bundled.json', bytes: Buffer.from(JSON.stringify(bundledRecords())) };
      })(),
    }),
  };
}
