import { unreachable } from '../../core/errors.ts';
import type { AdvisorySource } from '../ports.ts';
import type { SourceSettings } from '../publishers.ts';
import { csafFolder, osvBucket } from './change-list-layouts.ts';
import { changeListSource } from './change-list-source.ts';
import { httpsSource } from './https-source.ts';
import { githubAdvisoriesSource, nvdApiSource, type QueryOptions } from './query-source.ts';
import { repositorySource } from './repository-source.ts';

export type PublisherPorts = Pick<QueryOptions, 'fetch' | 'now' | 'pause'>;

/** A configured source, read as its publisher publishes. */
export function publisherSource(settings: SourceSettings, ports: PublisherPorts): AdvisorySource {
  const { kind = 'file', url, archive, hash = 'sha256' } = settings;
  const options = { ...settings, ...ports };
  switch (kind) {
    case 'file':
      return httpsSource(options);
    case 'osv-bucket':
      return changeListSource({ ...options, layout: osvBucket(url) });
    case 'csaf-folder':
      return changeListSource({ ...options, layout: csafFolder(url, { hash, ...(archive ? { archive } : {}) }) });
    case 'repository':
      return repositorySource(options);
    case 'nvd-api':
      return nvdApiSource(options);
    case 'github-advisories':
      return githubAdvisoriesSource({ ...options, archive: archive ?? url });
    default:
      return unreachable(kind);
  }
}
