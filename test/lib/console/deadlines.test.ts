import { expect, it } from 'vitest';
import { deadlinesAnswer } from '../../../lib/console/deadline-routes.ts';
import { createConsole } from '../../../lib/console/index.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import { memoryScanStore } from '../../../lib/vulnerabilities/adapters/memory-scan-store.ts';
import { memoryConsole } from './support.ts';

it('lists what is due, the next first, without what was deleted, and counts what is overdue', async () => {
  const { ports } = memoryConsole();
  const scans = memoryScanStore();
  const { documents, clock } = ports.security;
  const day = (ago: number): string => new Date(clock.now().getTime() - ago * 86_400_000).toISOString();
  for (const [name, ago, severity] of [
    ['late', 9, 'critical'],
    ['soon', 6, 'critical'],
    ['calm', 6, 'low'],
  ] as const) {
    const digest = digestOf(name);
    const document = {
      ...{ schemaVersion: 1, image: digest, sbom: { digest, outcome: 'complete' }, matcher: 'm' },
      findings: [
        {
          ...{ id: `CVE-2026-${ago}000`, aliases: [], package: { name, version: '1', type: 'npm' }, severity },
          ...{ fixedVersions: ['2'], fixState: 'fixed', locations: [], sources: [], fixableSince: day(ago) },
        },
      ],
      coverage: { packages: 1, uncovered: 0, ecosystems: [], undecided: { count: 0, examples: [] } },
    };
    const scan = await saveJson(documents, 'scans', document);
    await scans.put({
      subject: { registry: 'r.example', repository: `team/${name}`, digest, mediaType: 'm', tags: [] },
      sbom: { key: 'k', digest, outcome: 'complete' },
      snapshot: { sequence: 1 },
      scan: {
        ...{ ...scan, matcher: 'm', fixable: 1, uncovered: 0, packages: 1, sbomOutcome: 'complete' },
        counts: { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 },
      },
      scannedAt: day(ago),
    });
  }
  const app = createConsole({ ...ports, security: { ...ports.security, scans } });
  const ask = async (query = '') => deadlinesAnswer.parse(await (await app.request(`/api/deadlines${query}`)).json());
  const answer = await ask();
  expect(answer.deadlines.map(({ package: name, state }) => `${name} ${state}`)).toEqual([
    ...['late overdue', 'soon running', 'calm running'],
  ]);
  expect(answer).toMatchObject({ overdue: 1, examined: 3, complete: true });
  expect((await ask('?critical=3&state=overdue')).deadlines).toHaveLength(2);
  expect((await ask('?repository=r.example/team/soon')).examined).toBe(1);
  expect((await app.request('/api/deadlines?critical=none')).status).toBe(400);
});
