import { describe, expect, it } from 'vitest';
import type { ImageState } from '../../../../infra/local/view/image-state.ts';
import {
  coloured,
  plain,
  progressLines,
  summaryLines,
  visibleWidth,
} from '../../../../infra/local/view/render-progress.ts';

const digest = `sha256:${'ab'.repeat(32)}` as const;
const subject = { registry: 'r.example', repository: 'app', digest, mediaType: 'x/y', tags: ['1'] };
const counts = { critical: 0, high: 2, medium: 0, low: 1, negligible: 0, unknown: 0 };
const scan = {
  key: 'k',
  digest,
  matcher: 'm',
  counts,
  fixable: 1,
  uncovered: 0,
  packages: 22,
  sbomOutcome: 'complete' as const,
};

const stage = (name: string, state: string, completedAt?: string) => ({
  stage: name,
  state,
  ...(completedAt ? { completedAt } : {}),
});

function image(more: Partial<ImageState> = {}): ImageState {
  return {
    entry: { registry: 'r.example', repository: 'app', digest, artifactClass: 'image' },
    stages: [],
    settled: false,
    replicas: [],
    ...more,
  };
}

const pushedAt = new Date('2026-01-01T00:00:00.000Z');

describe('the progress view', () => {
  it('says of each stage what came of it and when', () => {
    const shown = progressLines(
      image({
        scan,
        stages: [
          stage('catalog', 'done', '2026-01-01T00:00:00.310Z'),
          stage('sbom', 'done', '2025-12-31T00:00:00.000Z'),
          stage('match', 'done', '2026-01-01T00:01:00.000Z'),
          stage('gate', 'working'),
          stage('sign', 'waiting'),
        ],
      }),
      pushedAt,
      plain,
    );
    expect(shown).toEqual([
      '  ✓ catalogued    0.31 s  image',
      '  ✓ inventoried  earlier',
      '  ✓ scanned      60.00 s  2 high, 1 low',
      '  … gated',
      '  · signed',
    ]);
  });

  it('says why a stage will not come', () => {
    const stages = [stage('sign', 'not-needed'), stage('replicate', 'not-needed')];
    expect(progressLines(image({ stages }), pushedAt, plain).join('\n')).toContain('not allowed by the gate');
    const signature = { digest, mediaType: 'x', artifactType: 'x', algorithm: 'x', keyId: 'x' };
    expect(progressLines(image({ stages, signature }), pushedAt, plain)[1]).toContain('no rule copies it');
  });

  it('takes no more room for colours', () => {
    const stages = [stage('match', 'done', '2026-01-01T00:00:01.000Z')];
    const given = image({ scan, stages });
    const [line] = progressLines(given, pushedAt, coloured);
    expect(line).toContain('\u001b[');
    expect(visibleWidth(line as string)).toBe((progressLines(given, pushedAt, plain)[0] as string).length);
  });
});

describe('the summary', () => {
  it('names verdict, reasons, and how to verify the signature', () => {
    const lines = summaryLines(
      image({
        scan,
        verdict: {
          subject,
          decision: 'deny',
          reasons: ['CVE-1 (critical) in x 1'],
          warnings: ['only some advisories are known'],
          policy: { name: 'default', digest },
          inputs: digest,
          scan: digest,
        },
        signature: { digest, mediaType: 'x', artifactType: 'x', algorithm: 'x', keyId: 'x' },
      }),
      { reference: 'localhost:5100/app:1', page: 'http://127.0.0.1:5180/', replicaReferences: ['localhost:5101/app'] },
      plain,
    );
    const text = lines.join('\n');
    expect(text).toContain('deny by the policy "default"');
    expect(text).toContain('CVE-1 (critical) in x 1');
    expect(text).toContain(`cosign verify --key lading.pub --insecure-ignore-tlog=true localhost:5100/app@${digest}`);
    expect(text).toContain('localhost:5101/app');
  });
});
