import type { PlanImage } from '../../../lib/remediation/index.ts';
import type { Finding, Severity } from '../../../lib/vulnerabilities/index.ts';
import { finding } from '../policy/support.ts';

export const image = (repository: string, layers: readonly string[], more: Partial<PlanImage> = {}): PlanImage => ({
  key: `registry.example/${repository}@sha256:${more.digest ?? layers.join('-')}`,
  registry: 'registry.example',
  repository,
  digest: layers.join('-'),
  tags: [],
  platform: 'linux/amd64',
  pushedAt: '2026-01-01T00:00:00.000Z',
  layers,
  findings: [],
  running: 0,
  ...more,
});

export const found = (
  id: string,
  severity: Severity,
  layer: string,
  pkg: { readonly type?: string; readonly name?: string; readonly version?: string } = {},
  fixedVersions: readonly string[] = ['1.0.1'],
): Finding =>
  finding(id, severity, {
    package: { name: 'left', version: '1.0.0', type: 'npm', ...pkg },
    layer,
    fixedVersions: [...fixedVersions],
    fixState: fixedVersions.length > 0 ? 'fixed' : 'not-fixed',
  });
