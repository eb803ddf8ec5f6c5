import { isDigest } from '../../core/digest.ts';
import { LadingError, unreachable } from '../../core/errors.ts';
import { isRegistryHost, isRepositoryName } from '../../core/image-reference.ts';
import type { ImageSubject } from '../../events/index.ts';
import { type TaskKind, WORK_FOLDER } from '../config.ts';

/** Where a scanner is told to write its report. */
export const REPORT_FILE = `${WORK_FOLDER}/report.json`;

/** What a program says by its exit code; all others are failures. */
const scanned: Readonly<Record<TaskKind, readonly number[]>> = {
  trivy: [0],
  grype: [0],
  'docker-scout': [0],
  // Snyk CLI, "container test", exit codes: 0 nothing found, 1 something found, 2 failed, 3 nothing to scan.
  snyk: [0, 1],
  'syft-sbom': [0],
  'trivy-sbom': [0],
};
export const hasScanned = (kind: TaskKind, exitCode: number): boolean => scanned[kind].includes(exitCode);

/**
 * The arguments of a scan: an array that no shell sees, with the image after `--` where the program knows that. Its
 * name is held against the grammar of references first, by which nothing that begins with a dash is a host.
 *
 * Sources: Trivy, "trivy image"; Grype, README "Supported sources"; Docker Scout, "docker scout cves"; Snyk CLI,
 * "container test" (where `--` would begin the arguments of a build tool); Syft, "Output formats"; Trivy, "SBOM".
 *
 * @throws LadingError `reference-invalid`
 */
export function scanArguments(kind: TaskKind, subject: ImageSubject): readonly string[] {
  const image = referenceOf(subject);
  switch (kind) {
    case 'trivy':
      return ['image', '--quiet', '--scanners', 'vuln', '--format', 'json', '--output', REPORT_FILE, '--', image];
    case 'grype':
      return ['--quiet', '--output', `json=${REPORT_FILE}`, ...platformOf(subject), '--', `registry:${image}`];
    case 'docker-scout':
      return [
        'cves',
        '--format',
        'sarif',
        '--output',
        REPORT_FILE,
        ...platformOf(subject),
        '--',
        `registry://${image}`,
      ];
    case 'snyk':
      return ['container', 'test', `--json-file-output=${REPORT_FILE}`, ...platformOf(subject, '='), image];
    case 'syft-sbom':
      return [
        'scan',
        '--quiet',
        '--output',
        `syft-json=${REPORT_FILE}`,
        ...platformOf(subject),
        '--',
        `registry:${image}`,
      ];
    case 'trivy-sbom':
      return ['image', '--quiet', '--format', 'cyclonedx', '--output', REPORT_FILE, '--', image];
    default:
      return unreachable(kind);
  }
}

function referenceOf({ registry, repository, digest }: ImageSubject): string {
  if (isRegistryHost(registry) && isRepositoryName(repository) && isDigest(digest)) {
    return `${registry}/${repository}@${digest}`;
  }
  throw new LadingError(
    'reference-invalid',
    `"${registry}/${repository}@${digest}" is no image that a scanner is given`,
  );
}

/** Scanners would look for the image of the machine that they run on. */
function platformOf({ platform }: ImageSubject, joint?: '='): readonly string[] {
  if (platform === undefined || !/^[a-z0-9]{1,20}\/[a-z0-9_]{1,20}(?:\/v?[0-9.]{1,8})?$/.test(platform)) return [];
  return joint === undefined ? ['--platform', platform] : [`--platform${joint}${platform}`];
}
