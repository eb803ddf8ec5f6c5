import { digestOf } from '../../../lib/core/digest.ts';
import type { ImageSubject } from '../../../lib/events/index.ts';
import { type PolicyConfig, parsePolicy } from '../../../lib/policy/index.ts';
import type { Coverage, Finding, ScanDocument, Severity } from '../../../lib/vulnerabilities/index.ts';

export const finding = (id: string, severity: Severity, more: Partial<Finding> = {}): Finding => ({
  id,
  aliases: [],
  package: { name: 'left', version: '1.0.0', type: 'npm' },
  severity,
  fixedVersions: ['1.0.1'],
  fixState: 'fixed',
  locations: [],
  sources: [{ source: 'test', record: id }],
  ...more,
});

export const covered: Coverage = {
  packages: 3,
  uncovered: 0,
  ecosystems: [{ name: 'npm', packages: 3, data: 'complete' }],
  undecided: { count: 0, examples: [] },
};

export const scan = (findings: readonly Finding[], more: Partial<ScanDocument> = {}): ScanDocument => ({
  schemaVersion: 1,
  image: digestOf('image'),
  sbom: { digest: digestOf('sbom'), outcome: 'complete' },
  snapshot: digestOf('snapshot'),
  matcher: 'test/1',
  findings: [...findings],
  coverage: covered,
  ...more,
});

export const policy = (settings: Partial<PolicyConfig> = {}): PolicyConfig => parsePolicy(settings);

export const subject: ImageSubject = {
  registry: 'registry.example',
  repository: 'apps/shop',
  digest: digestOf('image'),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  tags: ['1.0'],
};
