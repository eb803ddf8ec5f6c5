import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import {
  clairDriver,
  ecrBasicDriver,
  harborDriver,
  inspectorDriver,
  trivyServerDriver,
} from '../../../lib/scanners/index.ts';
import type { PackagesOfImage } from '../../../lib/scanners/ports.ts';
import * as samples from './samples.ts';
import { configOf as config, fakeApi, newRun, subject } from './support.ts';

const clock = manualClock('2026-11-24T10:00:00.000Z');

describe('Clair v4', () => {
  const paths = {
    index: 'POST /indexer/api/v1/index_report',
    state: `GET /indexer/api/v1/index_report/${subject.digest}`,
    report: `GET /matcher/api/v1/vulnerability_report/${subject.digest}`,
  };
  // Clair's API description, `openapi.yaml`: IndexReport and Manifest.
  const indexed = { manifest_hash: subject.digest, state: 'IndexFinished', success: true, err: '', packages: {} };
  const layer = {
    digest: `sha256:${'1'.repeat(64)}`,
    url: 'https://registry.example/v2/x/blobs/y',
    headers: { authorization: 'Bearer short' },
  };
  const key = Buffer.from('a key of thirty-two bytes, or so').toString('base64');
  const driver = (api: ReturnType<typeof fakeApi>, layers: readonly (typeof layer)[] | undefined = [layer]) =>
    clairDriver(config('clair', { indexer: 'https://clair.example', key: { secret: 'clair' }, issuer: 'us' }), {
      ...{ call: api.call, layers: { locate: async () => layers }, clock, key: async () => key },
    });

  it('is told where the layers are, and asked for its report when it has read them', async () => {
    const api = fakeApi({
      [paths.index]: { status: 201, json: indexed },
      [paths.report]: { status: 200, json: samples.clair },
    });
    const progress = await driver(api).start(newRun(), 'id');
    expect(progress.kind === 'reported' && progress.report.findings.map(({ id }) => id)).toEqual(['CVE-2026-1001']);
    expect(api.asked[0]?.json).toEqual({
      hash: subject.digest,
      layers: [{ hash: layer.digest, uri: layer.url, headers: { authorization: ['Bearer short'] } }],
    });
    const [header = '', claims = '', signature] = (api.asked[0]?.headers['authorization'] ?? '')
      .replace('Bearer ', '')
      .split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const now = Date.parse('2026-11-24T10:00:00Z') / 1000;
    expect([read(header), read(claims)]).toEqual([
      { alg: 'HS256', typ: 'JWT' },
      { iss: 'us', iat: now, nbf: now, exp: now + 300 },
    ]);
    const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(`${header}.${claims}`).digest('base64url');
    expect(signature).toBe(expected);
  });

  it('is looked at again while it reads, and while its matcher does not know yet', async () => {
    const api = fakeApi({
      [paths.index]: { status: 201, json: { ...indexed, state: 'ScanLayers' } },
      [paths.state]: { status: 200, json: indexed },
      [paths.report]: [{ status: 404 }, { status: 200, json: samples.clair }],
    });
    const one = driver(api);
    expect((await one.start(newRun(), 'id')).kind).toBe('running');
    expect((await one.look(newRun(), subject.digest)).kind).toBe('running');
    expect((await one.look(newRun(), subject.digest)).kind).toBe('reported');
  });

  it('goes on where the connection did not last as long as its reading', async () => {
    const lost = new LadingError('registry-unavailable', 'silent', { retryable: true });
    const known = { status: 200, json: { ...indexed, state: 'ScanLayers' } };
    const start = (state: { status: number; json?: unknown }) =>
      driver(fakeApi({ [paths.index]: lost, [paths.state]: state })).start(newRun(), 'id');
    expect((await start(known)).kind).toBe('running');
    await expect(start({ status: 404 })).rejects.toBe(lost);
  });

  it('has failed where it says so, and is tried again where it is only busy', async () => {
    const failed = { ...indexed, state: 'IndexError', success: false, err: 'failed to fetch layers' };
    const start = (answer: { status: number; json?: unknown }) =>
      driver(fakeApi({ [paths.index]: answer })).start(newRun(), 'id');
    expect(await start({ status: 201, json: failed })).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('failed to fetch'),
    });
    await expect(start({ status: 401 })).rejects.toMatchObject({ code: 'scanner-denied', retryable: false });
    await expect(start({ status: 429 })).rejects.toMatchObject({ code: 'scanner-unavailable', retryable: true });
    await expect(start({ status: 400, json: { code: 'bad-request', message: 'no hash' } })).rejects.toThrow(
      /status 400: no hash bad-request/,
    );
    await expect(start({ status: 201, json: { state: 7 } })).rejects.toMatchObject({ code: 'scanner-protocol' });
    const gone = clairDriver(config('clair', { indexer: 'https://clair.example' }), {
      ...{ call: fakeApi({}).call, layers: { locate: async () => undefined }, clock, key: async () => undefined },
    });
    expect(await gone.start(newRun(), 'id')).toMatchObject({ kind: 'failed', code: 'image-unknown' });
  });
});

describe('Harbor', () => {
  const registry = 'harbor.example';
  const run = newRun({ subject: { ...subject, registry, repository: 'library/team/app', tags: [] } });
  const base = `/api/v2.0/projects/library/repositories/team%252Fapp/artifacts/${encodeURIComponent(subject.digest)}`;
  const overview = (status: string) => ({
    status: 200,
    json: {
      digest: subject.digest,
      scan_overview: { [Object.keys(samples.harbor)[0] as string]: { scan_status: status } },
    },
  });
  const driver = (api: ReturnType<typeof fakeApi>) =>
    harborDriver(config('harbor', { registry, credentials: { secret: 'harbor' } }), {
      ...{ call: api.call, credentials: async () => '{"username":"robot$lading","password":"p"}' },
    });

  it('scans when it is asked, and gives its report in the form that it is told to', async () => {
    const api = fakeApi({
      [`POST ${base}/scan`]: { status: 202 },
      [`GET ${base}`]: [overview('Running'), overview('Success')],
      [`GET ${base}/additions/vulnerabilities`]: { status: 200, json: samples.harbor },
    });
    const one = driver(api);
    expect((await one.start(run, 'id')).kind).toBe('running');
    expect((await one.look(run, '')).kind).toBe('running');
    const ended = await one.look(run, '');
    expect(ended.kind === 'reported' && [ended.report.scanner.name, ended.report.image.digest]).toEqual([
      'harbor',
      subject.digest,
    ]);
    expect(api.asked[1]?.path).toBe(`${base}?with_scan_overview=true`);
    for (const { headers } of api.asked) {
      expect(headers['x-accept-vulnerabilities']).toContain(
        'application/vnd.security.vulnerability.report; version=1.1',
      );
      expect(headers['authorization']).toBe(`Basic ${Buffer.from('robot$lading:p').toString('base64')}`);
    }
  });

  it('has failed where its scan did, and is not asked about images of others', async () => {
    for (const status of ['Error', 'Stopped']) {
      const api = fakeApi({ [`GET ${base}`]: overview(status) });
      expect(await driver(api).look(run, '')).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining(status),
      });
    }
    const busy = fakeApi({ [`POST ${base}/scan`]: { status: 409 } });
    expect((await driver(busy).start(run, 'id')).kind).toBe('running');
    const none = fakeApi({
      [`POST ${base}/scan`]: { status: 404, json: { errors: [{ code: 'NOT_FOUND', message: 'artifact not found' }] } },
    });
    await expect(driver(none).start(run, 'id')).rejects.toThrow(/artifact not found/);
    expect(await driver(fakeApi({})).start(newRun(), 'id')).toMatchObject({ kind: 'failed', code: 'image-elsewhere' });
  });

  it('is given no secret that is none', async () => {
    const one = harborDriver(config('harbor', { registry, credentials: { secret: 'harbor' } }), {
      ...{ call: fakeApi({}).call, credentials: async () => 'just a text' },
    });
    await expect(one.start(run, 'id')).rejects.toMatchObject({ code: 'credentials-invalid' });
  });
});

describe('a Trivy server', () => {
  const inside: PackagesOfImage = {
    ...{ distro: { id: 'rhel', versionId: '9.4' }, complete: true },
    packages: [
      {
        type: 'rpm',
        name: 'openssl-libs',
        version: '1:3.0.7-1.el9',
        source: { name: 'openssl', version: '3.0.7-1.el9' },
        path: 'var/lib/rpm',
      },
      { type: 'maven', name: 'org.x/y', version: '1', purl: 'pkg:maven/org.x/y@1', path: 'app/y.jar' },
    ],
  };
  const driver = (api: ReturnType<typeof fakeApi>, packages: PackagesOfImage | undefined = inside) =>
    trivyServerDriver(config('trivy-server', { url: 'https://trivy.example/base' }), {
      ...{ call: api.call, packages: { of: async () => packages }, clock, token: async () => 'secret\n' },
    });
  const cache = { status: 200, json: {} };
  const answers = (scan: unknown) => ({
    'POST /base/twirp/trivy.cache.v1.Cache/PutBlob': cache,
    'POST /base/twirp/trivy.cache.v1.Cache/PutArtifact': cache,
    'POST /base/twirp/trivy.scanner.v1.Scanner/Scan': { status: 200, json: scan },
    'GET /base/version': {
      status: 200,
      json: { Version: '0.74.0', VulnerabilityDB: { Version: 2, UpdatedAt: '2026-11-24T00:00:00Z' } },
    },
  });
  // The same message as protojson writes it in either case (trivy, rpc/scanner/service.proto).
  const found = {
    vulnerability_id: 'CVE-2026-1',
    pkg_name: 'openssl-libs',
    installed_version: '1:3.0.7-1.el9',
    severity: 'HIGH',
    status: 5,
  };

  it('is told what is in the image, by content, and its answer is a vote of Trivy', async () => {
    for (const scan of [
      { results: [{ target: 't', type: 'redhat', vulnerabilities: [found] }] },
      {
        results: [
          {
            target: 't',
            type: 'redhat',
            vulnerabilities: [{ vulnerabilityId: 'CVE-2026-1', pkgName: 'openssl-libs', severity: 3, status: 5 }],
          },
        ],
      },
    ]) {
      const api = fakeApi(answers(scan));
      const progress = await driver(api).start(newRun(), 'id');
      expect(progress).toMatchObject({
        kind: 'reported',
        report: {
          ...{ scanner: { name: 'trivy', version: '0.74.0' }, database: { builtAt: '2026-11-24T00:00:00Z' } },
          findings: [{ id: 'CVE-2026-1', severity: 'high', fixState: 'wont-fix', package: { type: 'rpm' } }],
        },
      });
      const [blob, , scanned] = api.asked.map(({ json: sent }) => sent as Record<string, never>);
      expect(blob).toMatchObject({
        blob_info: {
          os: { family: 'redhat', name: '9.4' },
          package_infos: [{ packages: [{ name: 'openssl-libs', src_name: 'openssl', src_version: '3.0.7-1.el9' }] }],
          applications: [{ type: 'jar', packages: [{ name: 'org.x:y', version: '1' }] }],
        },
      });
      expect(scanned?.['blob_ids']).toEqual([blob?.['diff_id']]);
      expect(api.asked[0]?.headers['trivy-token']).toBe('secret');
    }
  });

  it('has no vote on what could not be read, or refuses', async () => {
    expect(await driver(fakeApi({}), { ...inside, complete: false }).start(newRun(), 'id')).toMatchObject({
      code: 'sbom-incomplete',
    });
    const denied = {
      ...answers({}),
      'POST /base/twirp/trivy.cache.v1.Cache/PutBlob': {
        status: 401,
        json: { code: 'unauthenticated', msg: 'invalid token' },
      },
    };
    await expect(driver(fakeApi(denied)).start(newRun(), 'id')).rejects.toThrow(/401: invalid token/);
    await expect(driver(fakeApi(answers({ results: 'none' }))).start(newRun(), 'id')).rejects.toMatchObject({
      code: 'scanner-protocol',
    });
  });
});

describe("ECR's basic scanning and Inspector", () => {
  it('ECR is asked for a scan, and looked at until it has ended one way or the other', async () => {
    const look = async (scan: { status: string; description?: string } | undefined) =>
      ecrBasicDriver({ start: async () => 'begun-before', find: async () => scan }).look(newRun(), 'h');
    expect(
      await ecrBasicDriver({ start: async () => 'begun', find: async () => undefined }).start(newRun(), 'i'),
    ).toMatchObject({ kind: 'running' });
    for (const status of [undefined, 'IN_PROGRESS', 'PENDING']) {
      expect((await look(status === undefined ? undefined : { status })).kind).toBe('running');
    }
    for (const status of ['FAILED', 'UNSUPPORTED_IMAGE', 'SCAN_ELIGIBILITY_EXPIRED', 'FINDINGS_UNAVAILABLE']) {
      expect(await look({ status, description: 'why' })).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining(`${status}, why`),
      });
    }
  });

  it('Inspector speaks of what it covers, and of nothing else', async () => {
    const findings = async () => ({
      ...{ schemaVersion: 1 as const, scanner: { name: 'inspector' as const, label: 'Amazon Inspector' } },
      ...{ image: { digest: subject.digest }, covers: 'all' as const, findings: [] },
    });
    const start = (coverage: { status: string; reason: string } | undefined) =>
      inspectorDriver({ coverage: async () => coverage, findings }).start(newRun(), 'id');
    expect((await start(undefined)).kind).toBe('running');
    expect((await start({ status: 'ACTIVE', reason: 'PENDING_INITIAL_SCAN' })).kind).toBe('running');
    expect((await start({ status: 'ACTIVE', reason: 'SUCCESSFUL' })).kind).toBe('reported');
    for (const reason of ['UNSUPPORTED_OS', 'IMAGE_SIZE_EXCEEDED', 'SCAN_ELIGIBILITY_EXPIRED', 'INTERNAL_ERROR']) {
      expect(await start({ status: 'INACTIVE', reason })).toMatchObject({
        kind: 'failed',
        reason: expect.stringContaining(reason),
      });
    }
  });
});
