import { z } from 'zod';
import { isDigest } from '../../core/digest.ts';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import type { ScannerReport, VotedFinding, VoteSeverity } from '../model.ts';

/** What a reader makes of a document that is its own; `undefined` where it is somebody else's. */
export type ReportReader = (value: unknown) => ScannerReport | undefined;

export const text = z.string().max(16 * 1024);
export const maybe = text.nullish().catch(undefined);

/** Words of all the tools, in any case. */
const words: ReadonlyMap<string, VoteSeverity> = new Map<string, VoteSeverity>([
  ['critical', 'critical'],
  ['defcon1', 'critical'],
  ['high', 'high'],
  ['important', 'high'],
  ['error', 'high'],
  ['medium', 'medium'],
  ['moderate', 'medium'],
  ['warning', 'medium'],
  ['low', 'low'],
  ['note', 'low'],
  ['negligible', 'negligible'],
  ['informational', 'negligible'],
  ['none', 'negligible'],
]);

export const severityOf = (word: string | null | undefined): VoteSeverity =>
  words.get((word ?? '').trim().toLowerCase()) ?? 'unknown';

/** As CVSS 3.1 rates scores; for reports that give nothing else. */
export function severityOfScore(score: number): VoteSeverity {
  if (score >= 9) return 'critical';
  if (score >= 7) return 'high';
  if (score >= 4) return 'medium';
  return score > 0 ? 'low' : 'negligible';
}

/** Names of package managers, distributions and package types, as purl types. */
const types: ReadonlyMap<string, string> = new Map([
  ...['debian', 'ubuntu', 'dpkg', 'os', 'linuxmint'].map((name) => [name, 'deb'] as const),
  ...[
    'redhat',
    'rhel',
    'centos',
    'fedora',
    'rocky',
    'alma',
    'almalinux',
    'amazon',
    'amzn',
    'oracle',
    'ol',
    'suse',
    'sles',
  ].map((name) => [name, 'rpm'] as const),
  ...['photon', 'azurelinux', 'cbl-mariner', 'opensuse', 'opensuse-leap', 'opensuse-tumbleweed'].map(
    (name) => [name, 'rpm'] as const,
  ),
  ...['alpine', 'wolfi', 'chainguard'].map((name) => [name, 'apk'] as const),
  ...['npm', 'node-pkg', 'nodejs', 'yarn', 'pnpm', 'javascript'].map((name) => [name, 'npm'] as const),
  ...['pip', 'python-pkg', 'python', 'pipenv', 'poetry', 'pythonpkg'].map((name) => [name, 'pypi'] as const),
  ...['jar', 'maven', 'java', 'java-archive', 'gradle', 'pom'].map((name) => [name, 'maven'] as const),
  ...['gobinary', 'gomod', 'gomodules', 'go', 'go-module', 'golang'].map((name) => [name, 'golang'] as const),
  ...['bundler', 'gemspec', 'rubygems', 'gem'].map((name) => [name, 'gem'] as const),
  ...['composer', 'php-composer'].map((name) => [name, 'composer'] as const),
  ...['cargo', 'rustbinary', 'rust-crate'].map((name) => [name, 'cargo'] as const),
  ...['nuget', 'dotnet-core', 'dotnet'].map((name) => [name, 'nuget'] as const),
]);

export function typeOf(name: string | null | undefined, purl?: string | null): string {
  const known = purl ? parsePackageUrl(purl)?.type : undefined;
  const word = (name ?? '').toLowerCase();
  return known ?? types.get(word) ?? (word || 'unknown');
}

export const isText = (value: string | null | undefined): value is string =>
  typeof value === 'string' && value.trim() !== '';

/** What a report says of one finding, before it is put into the form that all have. */
export interface Said {
  readonly ids: readonly (string | null | undefined)[];
  readonly name: string;
  readonly version?: string | null | undefined;
  readonly type?: string | null | undefined;
  readonly purl?: string | null | undefined;
  readonly severity: VoteSeverity;
  readonly cvss?:
    | { readonly vector?: string | null | undefined; readonly score?: number | null | undefined }
    | undefined;
  readonly fixed: readonly (string | null | undefined)[];
  readonly fixState?: VotedFinding['fixState'] | undefined;
  readonly layer?: string | null | undefined;
  readonly locations?: readonly (string | null | undefined)[] | undefined;
}

/** `undefined` where it names neither a vulnerability nor a package. */
export function toVoted(said: Said): VotedFinding | undefined {
  const ids = [...new Set(said.ids.filter(isText).map((id) => id.trim().slice(0, 200)))].sort(preferCve);
  const [id, ...aliases] = ids;
  if (id === undefined || !isText(said.name)) return undefined;
  const fixedVersions = [...new Set(said.fixed.filter(isText).map((one) => one.trim().slice(0, 500)))].slice(0, 50);
  const { vector, score } = said.cvss ?? {};
  return {
    id,
    aliases: aliases.slice(0, 100),
    package: {
      name: said.name.slice(0, 500),
      version: (said.version ?? '').slice(0, 500),
      type: typeOf(said.type, said.purl).slice(0, 50),
      ...(isText(said.purl) && said.purl.length <= 2000 ? { purl: said.purl } : {}),
    },
    severity: said.severity,
    ...(isText(vector) && vector.length <= 200 && typeof score === 'number' ? { cvss: { vector, score } } : {}),
    fixedVersions,
    fixState: fixedVersions.length > 0 ? 'fixed' : (said.fixState ?? 'unknown'),
    ...(isText(said.layer) ? { layer: said.layer.slice(0, 200) } : {}),
    locations: (said.locations ?? [])
      .filter(isText)
      .map((path) => path.slice(0, 4096))
      .slice(0, 20),
  };
}

const preferCve = (a: string, b: string): number => Number(b.startsWith('CVE-')) - Number(a.startsWith('CVE-'));

/** The first digest in any of the texts: `repo@sha256:…`, or bare. */
export function digestIn(...texts: readonly (string | null | undefined)[]): ScannerReport['image']['digest'] {
  for (const one of texts) {
    const found = /sha256:[a-f0-9]{64}/.exec(one ?? '')?.[0];
    if (found !== undefined && isDigest(found)) return found;
  }
  return undefined;
}

/** Fields that are there. */
export const present = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined | null> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== null)) as {
    [K in keyof T]: Exclude<T[K], undefined | null>;
  };
