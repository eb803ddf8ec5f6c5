import { systemClock } from '../../lib/core/clock.ts';
import { LadingError } from '../../lib/core/errors.ts';
import { loadDocument } from '../../lib/documents/index.ts';
import { readSbomPackages } from '../../lib/sbom/index.ts';
import { documentAdvisoryStore } from '../../lib/vulnerabilities/adapters/document-advisory-store.ts';
import { dynamoScanStore } from '../../lib/vulnerabilities/adapters/dynamo-scan-store.ts';
import type { PackageReader } from '../../lib/vulnerabilities/index.ts';
import { once } from './once.ts';
import { documents, table } from './wiring.ts';

/** What matching an image from its stored SBOM needs; the index of packages it leaves alone. */
export const matchingPorts = once(() => {
  const store = documents('documents');
  const scans = table('scans');
  const packages: PackageReader = {
    async packagesOf(sbom) {
      const document = await loadDocument(store, sbom.key, sbom.digest);
      if (document) return readSbomPackages(document);
      throw new LadingError('sbom-missing', `the SBOM ${sbom.key} is gone`);
    },
  };
  return {
    advisories: documentAdvisoryStore(store, scans),
    scans: dynamoScanStore(scans),
    documents: store,
    packages,
    clock: systemClock,
  };
});
