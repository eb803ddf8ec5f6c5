import type { SourceScope } from './model.ts';

/** A text that holds the digest (SHA-256 or SHA-512) of a file, packed (`file`) or unpacked (`content`). */
export interface Checksum {
  readonly url: string;
  readonly of: 'file' | 'content';
}

/**
 * How a publisher is read: one file; a bucket of OSV or a folder of CSAF documents, each with a list of changes; a repository of
 * RPM packages; an interface that is asked for what changed.
 */
export const sourceKinds = ['file', 'osv-bucket', 'csaf-folder', 'repository', 'nvd-api', 'github-advisories'] as const;
type SourceKind = (typeof sourceKinds)[number];

/** One address of a publisher, as the schedule fetches it. */
export interface SourceSettings {
  readonly name: string;
  /** Default `file`. */
  readonly kind?: SourceKind | undefined;
  readonly url: string;
  /** Hosts that the address may redirect to, beside its own. */
  readonly hosts?: readonly string[] | undefined;
  readonly scope?: SourceScope | undefined;
  readonly checksum?: Checksum | undefined;
  readonly maxBytes?: number | undefined;
  /** Of a folder of CSAF documents that names its archive nowhere, and of GitHub's advisories: where that lies. */
  readonly archive?: string | undefined;
  /** What a folder's documents have beside them: `x.json.sha256`. */
  readonly hash?: 'sha256' | 'sha512' | undefined;
}

const OSV = 'https://osv-vulnerabilities.storage.googleapis.com';
const RED_HAT = 'https://security.access.redhat.com/data/csaf/v2';
const SUSE = 'https://ftp.suse.com/pub/projects/security';
const MiB = 1024 * 1024;

interface Publisher {
  /** What may follow the name and a slash: an ecosystem, a release, a year. */
  readonly argument?: RegExp;
  /** The argument as messages name it. */
  readonly example?: string;
  readonly sources: (argument: string) => readonly Source[];
}
type Source = Omit<SourceSettings, 'name'>;

const one = (url: string, more: Partial<SourceSettings> = {}): Publisher => ({ sources: () => [{ url, ...more }] });
const each = (example: string, argument: RegExp, sources: (argument: string) => readonly Source[]): Publisher => ({
  ...{ example, argument, sources },
});
const file = (url: string, more: Partial<SourceSettings> = {}): readonly Source[] => [{ url, ...more }];

/** Names of Ubuntu's releases, as the files of OVAL carry them. */
const UBUNTU_RELEASES = ['trusty', 'xenial', 'bionic', 'focal', 'jammy', 'noble', 'plucky', 'questing', 'resolute'];

/** Publishers by name; docs/matching.md lists them with what each holds. */
const PUBLISHERS: ReadonlyMap<string, Publisher> = new Map<string, Publisher>([
  // Also GitHub's advisories, and the distributions that publish there (Ubuntu, Red Hat, Rocky, Alma, SUSE, Wolfi, Bitnami …).
  [
    'osv',
    each('npm', /^[A-Za-z][A-Za-z0-9. :_-]{0,60}$/, (ecosystem) =>
      file(`${OSV}/${encodeURIComponent(ecosystem)}/all.zip`, { kind: 'osv-bucket', maxBytes: 512 * MiB }),
    ),
  ],
  [
    'github',
    one('https://api.github.com/advisories', {
      kind: 'github-advisories',
      archive: 'https://codeload.github.com/github/advisory-database/tar.gz/refs/heads/main',
      hosts: ['codeload.github.com'],
      maxBytes: 512 * MiB,
    }),
  ],
  [
    'alpine',
    each('v3.20', /^(?:v\d+\.\d+|edge)$/, (release) =>
      ['main', 'community'].map((repository) => ({
        url: `https://secdb.alpinelinux.org/${release}/${repository}.json`,
      })),
    ),
  ],
  ['wolfi', one('https://packages.wolfi.dev/os/security.json')],
  ['chainguard', one('https://packages.cgr.dev/chainguard/security.json')],
  ['debian', one('https://security-tracker.debian.org/tracker/data/json')],
  [
    'ubuntu',
    each('noble', new RegExp(`^(?:${UBUNTU_RELEASES.join('|')})$`), (release) =>
      file(`https://security-metadata.canonical.com/oval/com.ubuntu.${release}.cve.oval.xml.bz2`),
    ),
  ],
  [
    'red-hat',
    each('vex', /^(?:vex|advisories)$/, (kind) =>
      file(`${RED_HAT}/${kind === 'vex' ? 'vex' : 'advisories'}/`, {
        kind: 'csaf-folder',
        hash: 'sha256',
        maxBytes: 512 * MiB,
      }),
    ),
  ],
  [
    'suse',
    each('server.15', /^(?:server\.\d\d|leap\.\d\d\.\d)$/, (product) =>
      file(`${SUSE}/oval/${product.startsWith('leap') ? 'opensuse' : 'suse.linux.enterprise'}.${product}.xml.gz`),
    ),
  ],
  [
    'suse-csaf',
    one(`${SUSE}/csaf/`, {
      kind: 'csaf-folder',
      archive: `${SUSE}/csaf.tar.bz2`,
      hash: 'sha256',
      maxBytes: 512 * MiB,
    }),
  ],
  ['arch', one('https://security.archlinux.org/all.json')],
  [
    'amazon',
    each('2023', /^(?:2|2023)$/, (release) =>
      file(
        release === '2'
          ? 'https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list'
          : `https://cdn.amazonlinux.com/al${release}/core/mirrors/latest/x86_64/mirror.list`,
        { kind: 'repository' },
      ),
    ),
  ],
  [
    'rocky',
    each('9', /^\d{1,2}$/, (release) =>
      ['BaseOS', 'AppStream'].map((repository) => ({
        kind: 'repository' as const,
        url: `https://download.rockylinux.org/pub/rocky/${release}/${repository}/x86_64/os/`,
      })),
    ),
  ],
  [
    'oracle',
    each('2026', /^(?:all|20\d\d)$/, (year) =>
      file(`https://linux.oracle.com/security/oval/com.oracle.elsa-${year}.xml.bz2`),
    ),
  ],
  [
    'azure-linux',
    each('3.0', /^\d\.0$/, (release) =>
      file(
        `https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/${release < '3' ? 'cbl-mariner' : 'azurelinux'}-${release}-oval.xml`,
      ),
    ),
  ],
  [
    'photon',
    each('5.0', /^\d\.0$/, (release) =>
      file(`https://packages.broadcom.com/photon/photon_cve_metadata/cve_data_photon${release}.json`, {
        hosts: ['packages.vmware.com'],
      }),
    ),
  ],
  ['bitnami', one('https://codeload.github.com/bitnami/vulndb/tar.gz/refs/heads/main', { hosts: ['github.com'] })],
  ['kev', one('https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json')],
  ['epss', one('https://epss.empiricalsecurity.com/epss_scores-current.csv.gz')],
  [
    'nvd',
    each('2026', /^(?:20\d\d|api)$/, (year) =>
      year === 'api'
        ? file('https://services.nvd.nist.gov/rest/json/cves/2.0', { kind: 'nvd-api' })
        : file(`https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.json.gz`, {
            // The meta file gives the SHA-256 of the unpacked JSON ("NVD Data Feeds").
            checksum: { url: `https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-${year}.meta`, of: 'content' },
          }),
    ),
  ],
  [
    'end-of-life',
    each('all', /^[a-z][a-z-]{0,40}$/, (product) =>
      file(`https://endoflife.date/api/${product === 'all' ? 'v1/products/full' : `${product}.json`}`),
    ),
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
  return sources.map((source) => ({ name: sources.length === 1 ? name : `${name}/${partOf(source.url)}`, ...source }));
}

/** What tells the addresses of one publisher apart: a file's name, or the repository's folder. */
const partOf = (url: string): string =>
  url.endsWith('/x86_64/os/') ? (url.split('/').at(-4) ?? url) : (url.split('/').at(-1) ?? url).replace(/\.json$/, '');

/** As a configuration may name them: `debian`, `osv/npm`. */
export const publisherNames: readonly string[] = [...PUBLISHERS].map(([name, { example }]) =>
  example === undefined ? name : `${name}/${example}`,
);
