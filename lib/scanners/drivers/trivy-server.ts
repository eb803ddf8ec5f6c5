import { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import { digestOf } from '../../core/digest.ts';
import type { ImageSubject } from '../../events/index.ts';
import { parsePackageUrl } from '../../formats/purl/index.ts';
import type { ScannerConfig } from '../config.ts';
import { osTypes, type VotedFinding } from '../model.ts';
import type { CallApi, ImagePackages, PackagesOfImage } from '../ports.ts';
import { present, toVoted } from '../readers/common.ts';
import type { ScannerDriver } from '../runs/ports.ts';
import { readAnswer, refused } from './answers.ts';

type TrivyServer = Extract<ScannerConfig, { readonly kind: 'trivy-server' }>;

export interface TrivyServerPorts {
  readonly call: CallApi;
  readonly packages: ImagePackages;
  readonly clock: Clock;
  readonly token: () => Promise<string | undefined>;
}

/** Trivy, `rpc/common/service.proto`: enums as numbers or names, fields in either case, as protojson has them. */
const severities = ['unknown', 'low', 'medium', 'high', 'critical'] as const;
const severity = z.union([z.string(), z.number()]).nullish();
const text = z.string().max(16_384).nullish();
const vulnerability = z.object({
  vulnerability_id: z.string().max(200),
  vendor_ids: z.array(z.string().max(200)).max(100).nullish(),
  pkg_name: z.string().max(500),
  pkg_path: text,
  installed_version: text,
  fixed_version: text,
  severity,
  severity_source: text,
  pkg_identifier: z.object({ purl: text }).nullish(),
  cvss: z
    .record(z.string(), z.object({ v3_vector: text, v3_score: z.number().nullish() }))
    .nullish()
    .catch(undefined),
  status: z.number().nullish(),
});
const response = z.object({
  results: z
    .array(z.object({ target: text, type: text, vulnerabilities: z.array(vulnerability).max(100_000).nullish() }))
    .max(10_000)
    .nullish(),
});
const version = z.object({
  Version: text,
  VulnerabilityDB: z.object({ Version: z.number().nullish(), UpdatedAt: text }).nullish(),
});
/** trivy-db, `pkg/types/status.go`, by number. */
const states: readonly VotedFinding['fixState'][] = [
  ...(['unknown', 'unknown', 'not-fixed', 'fixed', 'unknown', 'wont-fix', 'not-fixed', 'end-of-life'] as const),
];

/**
 * Trivy as a server, by its Twirp API (`rpc/cache`, `rpc/scanner`): it reads no image, but is given what is in it. So
 * its vote is one on the advisories and on matching; what the SBOM has missed, it misses too.
 */
export function trivyServerDriver(config: TrivyServer, ports: TrivyServerPorts): ScannerDriver {
  const { call, clock, packages, token } = ports;
  const ask = async (method: 'GET' | 'POST', path: string, json?: unknown) => {
    const secret = await token();
    const answer = await call({
      ...{ method, url: new URL(path, config.url.endsWith('/') ? config.url : `${config.url}/`) },
      headers: secret === undefined ? {} : { [config.tokenHeader.toLowerCase()]: secret.trim() },
      ...{ allowPrivate: config.allowPrivate, allowInsecure: config.allowInsecure },
      ...(json === undefined ? {} : { json }),
    });
    if (answer.status !== 200) throw refused(`Trivy's ${path}`, answer);
    return answer.json;
  };
  return {
    async start({ subject }) {
      const found = await packages.of(subject);
      if (found === undefined) return { kind: 'failed', code: 'sbom-missing', reason: 'there is no SBOM of the image' };
      if (!found.complete) {
        return {
          kind: 'failed',
          code: 'sbom-incomplete',
          reason: 'the image could not be read whole, so silence says nothing',
        };
      }
      const blob = blobOf(found);
      const id = digestOf(JSON.stringify(blob));
      await ask('POST', 'twirp/trivy.cache.v1.Cache/PutBlob', { diff_id: id, blob_info: { ...blob, diff_id: id } });
      const artifact = { schema_version: 1, architecture: subject.platform?.split('/')[1] ?? '', os: 'linux' };
      await ask('POST', 'twirp/trivy.cache.v1.Cache/PutArtifact', { artifact_id: id, artifact_info: artifact });
      const said = await ask('POST', 'twirp/trivy.scanner.v1.Scanner/Scan', {
        ...{ target: `${subject.registry}/${subject.repository}@${subject.digest}`, artifact_id: id, blob_ids: [id] },
        options: { pkg_types: ['os', 'library'], scanners: ['vuln'], pkg_relationships: RELATIONSHIPS },
      });
      const about = version.safeParse(await ask('GET', 'version')).data;
      return { kind: 'reported', report: reportOf(subject, said, about, clock) };
    },
    // It has answered when it was asked; there is nothing to look for.
    look: async () => ({
      kind: 'failed',
      code: 'scanner-protocol',
      reason: 'a Trivy server leaves nothing to wait for',
    }),
  };
}

const RELATIONSHIPS = ['unknown', 'root', 'workspace', 'direct', 'indirect'];

function reportOf(subject: ImageSubject, said: unknown, about: z.infer<typeof version> | undefined, clock: Clock) {
  const { results } = readAnswer(response, snakeCase(said), "Trivy's answer");
  const findings = (results ?? []).flatMap(({ target, type, vulnerabilities }) =>
    (vulnerabilities ?? []).flatMap((one) => {
      const cvss = one.cvss?.[one.severity_source ?? ''] ?? one.cvss?.['nvd'];
      const voted = toVoted({
        ids: [one.vulnerability_id, ...(one.vendor_ids ?? [])],
        ...{ name: one.pkg_name, version: one.installed_version, type, purl: one.pkg_identifier?.purl },
        severity: ratingOf(one.severity),
        cvss: cvss && { vector: cvss.v3_vector, score: cvss.v3_score },
        fixed: (one.fixed_version ?? '').split(','),
        fixState: states[one.status ?? 0] === 'fixed' ? undefined : states[one.status ?? 0],
        locations: [one.pkg_path || target],
      });
      return voted ? [voted] : [];
    }),
  );
  const database = about?.VulnerabilityDB;
  return {
    schemaVersion: 1 as const,
    scanner: { name: 'trivy' as const, label: 'Trivy server', ...present({ version: about?.Version ?? undefined }) },
    ...(database?.UpdatedAt
      ? { database: present({ version: `schema ${database.Version ?? ''}`.trim(), builtAt: database.UpdatedAt }) }
      : {}),
    image: { digest: subject.digest },
    scannedAt: clock.now().toISOString(),
    covers: 'all' as const,
    findings,
  };
}

function ratingOf(given: z.infer<typeof severity>): VotedFinding['severity'] {
  const word = typeof given === 'number' ? severities[given] : given?.toLowerCase();
  return severities.find((one) => one === word) ?? 'unknown';
}

/** `vulnerabilityId` → `vulnerability_id`: a newer Twirp writes the one, older ones the other. Keys of maps have no capitals. */
function snakeCase(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object' || depth > 20) return value;
  if (Array.isArray(value)) return value.map((one) => snakeCase(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`),
      snakeCase(member, depth + 1),
    ]),
  );
}

/** Trivy's names of distributions (`pkg/fanal/types/const.go`), where `ID` of os-release differs. */
const families: ReadonlyMap<string, string> = new Map([
  ...([
    ['almalinux', 'alma'],
    ['amzn', 'amazon'],
    ['ol', 'oracle'],
    ['rhel', 'redhat'],
    ['mariner', 'cbl-mariner'],
  ] as const),
  ...([
    ['sled', 'sles'],
    ['sle-micro', 'slem'],
    ['suse', 'sles'],
  ] as const),
]);
/** Its names of what packages of a language are found as (`pkg/fanal/types/const.go`, individual packages). */
const applications: ReadonlyMap<string, string> = new Map([
  ...([
    ['npm', 'node-pkg'],
    ['pypi', 'python-pkg'],
    ['golang', 'gobinary'],
    ['maven', 'jar'],
    ['gem', 'gemspec'],
  ] as const),
  ...([
    ['cargo', 'rustbinary'],
    ['composer', 'composer-vendor'],
    ['nuget', 'nuget'],
    ['conda', 'conda-pkg'],
  ] as const),
  ...([
    ['hex', 'hex'],
    ['pub', 'pub'],
    ['swift', 'swift'],
    ['conan', 'conan'],
  ] as const),
]);

type Package = PackagesOfImage['packages'][number];

function blobOf({ distro, packages }: PackagesOfImage) {
  const os = packages.filter(({ type }) => osTypes.has(type));
  const byApplication = new Map<
    string,
    { readonly type: string; readonly file_path: string; readonly packages: unknown[] }
  >();
  for (const one of packages) {
    const type = applications.get(one.type);
    if (type === undefined) continue;
    const key = JSON.stringify([type, one.path]);
    const known = byApplication.get(key) ?? { type, file_path: one.path, packages: [] };
    known.packages.push(packageOf(one));
    byApplication.set(key, known);
  }
  return {
    schema_version: 2,
    ...(distro ? { os: { family: families.get(distro.id) ?? distro.id, name: distro.versionId ?? '' } } : {}),
    ...(os.length > 0 ? { package_infos: [{ file_path: '', packages: os.map(packageOf) }] } : {}),
    applications: [...byApplication.values()],
  };
}

function packageOf(one: Package) {
  const source = one.source ?? { name: one.name };
  const name = languageName(one);
  return {
    ...{ id: `${name}@${one.version}`, name, version: one.version },
    ...(one.purl ? { identifier: { purl: one.purl } } : {}),
    ...(osTypes.has(one.type)
      ? { src_name: source.name, src_version: source.version ?? one.version, arch: one.arch ?? '' }
      : {}),
    file_path: one.path,
  };
}

/** Trivy joins group and artifact of Maven by a colon, whichever way we do. */
function languageName({ type, name, purl }: Package): string {
  if (type !== 'maven' || purl === undefined) return name;
  const parsed = parsePackageUrl(purl);
  return parsed?.namespace ? `${parsed.namespace}:${parsed.name}` : name;
}
