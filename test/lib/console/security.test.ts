import { describe, expect, it } from 'vitest';
import { createConsole } from '../../../lib/console/index.ts';
import { securityAnswers } from '../../../lib/console/security-schemas.ts';
import { locationKey } from '../../../lib/core/image-reference.ts';
import { saveJson } from '../../../lib/documents/index.ts';
import { finding as foundBy, scan } from '../policy/support.ts';
import * as reports from '../scanners/samples.ts';
import { memoryConsole, REGISTRY } from './support.ts';

async function setUp() {
  const console = memoryConsole();
  const app = createConsole(console.ports);
  const entry = await console.put({ repository: 'team/app', tags: ['v1'] });
  const ref = encodeURIComponent(`${REGISTRY}/team/app:v1`);
  const post = (path: string, body: unknown, headers: Record<string, string> = {}, env?: object) =>
    app.request(
      path,
      { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } },
      env,
    );
  return { ...console, app, entry, ref, post };
}

const waiver = { vulnerability: 'CVE-2026-1', reason: 'r', author: 'ops', until: '2026-12-24T00:00:00Z' };

describe('waivers by the API', () => {
  it('are given, listed with their state, and taken back; each is told', async () => {
    const { app, post, published, clock } = await setUp();
    const { waiver: given } = securityAnswers.waiver.parse(await (await post('/api/waivers', waiver)).json());
    const list = async () => securityAnswers.waivers.parse(await (await app.request('/api/waivers')).json()).waivers;
    expect(await list()).toMatchObject([{ id: given.id, state: 'in-force' }]);
    clock.advance(40 * 86_400_000);
    expect(await list()).toMatchObject([{ state: 'ended' }]);
    expect((await post('/api/waivers/remove', { id: given.id, by: 'ops' })).status).toBe(200);
    expect(await list()).toMatchObject([{ state: 'removed', removed: { by: 'ops' } }]);
    expect(published.map(({ detail }) => (detail.data as { change: string }).change)).toEqual(['added', 'removed']);
    expect((await post('/api/waivers/remove', { id: 'w-0', by: 'ops' })).status).toBe(404);
  });

  it('record who signed the request, whoever it says wrote it', async () => {
    const { post } = await setUp();
    const event = { requestContext: { authorizer: { iam: { userArn: 'arn:aws:sts::1:assumed-role/dev/eve' } } } };
    const { waiver: given } = securityAnswers.waiver.parse(
      await (await post('/api/waivers', waiver, {}, { event })).json(),
    );
    expect(given).toMatchObject({ author: 'ops', recordedBy: 'arn:aws:sts::1:assumed-role/dev/eve' });
  });

  it.each([
    ['a form of another page', { 'content-type': 'text/plain' }],
    ['a script of another page', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another subdomain', { 'sec-fetch-site': 'same-site' }],
  ])('are not taken from %s', async (_who, headers) => {
    const { post, ports } = await setUp();
    expect((await post('/api/waivers', waiver, headers)).status).toBe(400);
    expect(await ports.security.waivers.list()).toEqual([]);
  });

  it('are refused when they make no sense', async () => {
    const { post } = await setUp();
    for (const body of [
      {},
      { ...waiver, until: 'soon' },
      { ...waiver, until: '2020-01-01T00:00:00Z' },
      { ...waiver, extra: 1 },
    ]) {
      expect((await post('/api/waivers', body)).status, JSON.stringify(body)).toBe(400);
    }
  });
});

describe('reports of other scanners by the API', () => {
  it('are laid beside what Lading found', async () => {
    const { app, post, ports, entry, ref, published, put } = await setUp();
    expect(await put({ repository: 'team/other' })).toBeDefined();
    const { scan: own } = await (await app.request(`/api/image?ref=${ref}`))
      .json()
      .then((answer) => (answer as { image: { scan: { key: string } } }).image);
    const saved = await saveJson(
      ports.security.documents,
      'scans',
      scan([foundBy('CVE-2026-1001', 'high', { package: { name: 'libssl3', version: '3.0.1-1', type: 'deb' } })]),
    );
    await ports.security.documents.put(own.key, (await ports.security.documents.get(saved.key)) as Uint8Array);
    const report = { ...reports.trivy, Metadata: {} };
    const answer = await post(`/api/reports?ref=${ref}`, report);
    expect(securityAnswers.report.parse(await answer.json())).toEqual({
      voter: 'trivy',
      findings: 2,
      outcome: 'stored',
    });
    expect(published).toMatchObject([
      { detailType: 'Gate Inputs Changed', detail: { data: { cause: 'vote', subject: { digest: entry.digest } } } },
    ]);
    const votes = securityAnswers.votes.parse(await (await app.request(`/api/votes?ref=${ref}`)).json());
    expect(votes).toMatchObject({
      image: locationKey(entry),
      voters: [{ voter: 'trivy', findings: 2 }],
      agreements: [
        { id: 'GHSA-aaaa-bbbb-cccc', dissent: ['lading'] },
        { id: 'CVE-2026-1001', dissent: [], found: [{ voter: 'lading' }, { voter: 'trivy' }] },
      ],
    });
    const page = await (await app.request(`/votes?ref=${ref}`)).text();
    expect(page).toMatch(/CVE-2026-1001[\s\S]*lading \(high\), trivy \(high\)/);
    expect(page).toContain('1 of 2 without dissent');
    expect(await (await post(`/api/reports?ref=${ref}`, report)).json()).toMatchObject({ outcome: 'unchanged' });
    expect(published).toHaveLength(1);
  });

  it('are refused where they are about another image, or no report', async () => {
    const { post, ref } = await setUp();
    expect(await (await post(`/api/reports?ref=${ref}`, reports.trivy)).json()).toMatchObject({
      title: 'report-mismatch',
    });
    expect(await (await post(`/api/reports?ref=${ref}`, { a: 1 })).json()).toMatchObject({ title: 'report-unknown' });
  });
});

describe('VEX by the API', () => {
  it('is kept for the repository', async () => {
    const { post, ports } = await setUp();
    const document = {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/1',
      author: 'team',
      timestamp: '2026-01-01T00:00:00Z',
      version: 1,
      statements: [{ vulnerability: { name: 'CVE-1' }, products: [{ '@id': 'pkg:npm/left' }], status: 'fixed' }],
    };
    const path = `/api/vex?repository=${encodeURIComponent(`${REGISTRY}/team/app`)}`;
    const answer = securityAnswers.vex.parse(await (await post(path, document)).json());
    expect(answer).toMatchObject({ author: 'team', statements: 1, outcome: 'stored', images: 0 });
    expect(await ports.security.vex.of({ registry: REGISTRY, repository: 'team/app' })).toHaveLength(1);
    expect((await post('/api/vex?repository=nonsense', document)).status).toBe(400);
    expect(await (await post(path, {})).json()).toMatchObject({ title: 'vex-invalid' });
  });
});
