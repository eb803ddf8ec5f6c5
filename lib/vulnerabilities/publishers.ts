import type { SourceScope } from './model.ts';

/** One address of a publisher, as the schedule fetches it. */
export interface SourceSettings {
  readonly name: string;
  readonly url: string;
  /** Hosts that the address may redirect to, beside its own. */
  readonly hosts?: readonly string[] | undefined;
  readonly scope?: SourceScope | undefined;
  /** A text that holds the SHA-256 of the file, packed (`file`) or unpacked (`content`). */
  readonly checksum?: { readonly url: string; readonly of: 'file' | 'content' } | undefined;
  readonly maxBytes?: number | undefined;
}

const OSV = 'https://osv-vulnerabilities.storage.googleapis.com';
const MiB = 1024 * 1024;

interface Publisher {
  /** What may follow the name and a slash: an ecosystem, a release, a year. */
  readonly argument?: RegExp;
  readonly sources: (argument: string) => readonly Omit<SourceSettings, 'name'>[];
}

const one = (url: string, more: Partial<SourceSettings> = {}): Publisher => ({ sources: () => [{ url, ...more }] });

/**
 * Publishers by name. `osv/npm`, `osv/Red Hat`: also GitHub's advisories, and the distributions that publish there
 * (Ubuntu, Red Hat, Rocky, Alma, SUSE, Wolfi, Chainguard, Bitnami …).
 */
const PUBLISHERS: ReadonlyMap<string, Publisher> = new Map<string, Publisher>([
  [
    'osv',
    {
      argument: /^[A-Za-z][A-Za-z0-9. :_-]{0,60}$/,
      sources: (ecosystem) => [{ url: `${OSV}/${encodeURIComponent(ecosystem)}/all.zip`, maxBytes: 512 * MiB }],
    },
  ],
  [
    'alpine',
    {
      argument: /^(?:v\d+\.\d+|edge)$/,
      sources: (release) =>
        ['main', 'community'].map((repository) => ({
          url: `https://secdb.alpinelinux.org/${release}/${repository}.json`,
        })),
    },
  ],
  ['debian', one('https://security-tracker.debian.org/tracker/data/json')],
  ['arch', one('https://security.archlinux.org/issues/all.json')],
  [
    'azure-linux',
    {
      argument: /^\d\.0$/,
      sources: (release) => [
        {
          url: `https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/${release < '3' ? 'cbl-mariner' : 'azurelinux'}-${release}-oval.xml`,
        },
      ],
    },
  ],
  [
    'photon',
    {
      argument: /^\d\.0$/,
      sources: (release) => [
        {
          url: `https://packages.vmware.com/photon/photon_cve_metadata/cve_data_photon${release}.json`,
          hosts: ['packages.broadcom.com'],
        },
      ],
    },
  ],
  ['kev', one('https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json')],
  ['epss', one('https://epss.empiricalsecurity.com/epss_scores-current.csv.gz')],
  [
    'nvd',
    {
      argument: /^20\d\d$/,
      sources: (year) => [
        {
          url: `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.json.gz`,
          // The meta file gives the SHA-256 of the unpacked JSON ("NVD Data Feeds").
          checksum: { url: `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.meta`, of: 'content' },
        },
      ],
    },
  ],
  [
    'end-of-life',
    {
      argument: /^[a-z][a-z-]{0,40}$/,
      sources: (product) => [{ url: `https://endoflife.date/api/${product}.json` }],
    },
  ],
]);

/** The addresses of `publisher` or `publisher/argument`; `undefined` where there is none of that name. */
export function publisherSources(name: string): readonly SourceSettings[] | undefined {
  const slash = name.indexOf('/');
  const publisher = PUBLISHERS.get(slash < 0 ? name : name.slice(0, slash));
  const argument = slash < 0 ? undefined : name.slice(slash + 1);
  if (!publisher) return undefined;
  if (publisher.argument ? !publisher.argument.test(argument ?? '') : argument !== undefined) return undefined;
  const sources = publisher.sources(argument ?? '');
  return sources.map((source) => ({
    name:
      sources.length === 1
        ? name
        : `${name}/${source.url
            .split('/')
            .at(-1)
            ?.replace(/\.json$/, '')}`,
    ...source,
  }));
}

export const publisherNames: readonly string[] = [...PUBLISHERS.keys()];
