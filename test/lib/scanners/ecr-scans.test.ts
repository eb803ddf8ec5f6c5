import type { ECRClient } from '@aws-sdk/client-ecr';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../../../lib/core/digest.ts';
import type { EventBridgeEvent } from '../../../lib/events/index.ts';
import { ecrFindings } from '../../../lib/scanners/adapters/ecr-findings.ts';
import { memoryVoteStore } from '../../../lib/scanners/adapters/memory-vote-store.ts';
import { addReport, readReportValue, scannedImage } from '../../../lib/scanners/index.ts';
import * as samples from './samples.ts';

const { DIGEST } = samples;
const host = (account: string, region: string) => `${account}.dkr.ecr.${region}.amazonaws.com`;
const event = (detailType: string, detail: unknown): EventBridgeEvent => ({
  id: 'e',
  source: 'aws.ecr',
  'detail-type': detailType,
  account: '000000000000',
  time: '2026-05-01T00:00:00Z',
  region: 'eu-central-1',
  resources: [],
  detail,
});
const at = { registry: host('000000000000', 'eu-central-1'), repository: 'team/app', digest: DIGEST };

describe('events that say that a scan ended', () => {
  it.each([
    [
      'ECR Image Scan',
      { 'repository-name': 'team/app', 'image-digest': DIGEST, 'scan-status': 'COMPLETE', 'image-tags': [] },
    ],
    [
      'Inspector2 Scan',
      {
        'repository-name': 'arn:aws:ecr:eu-central-1:000000000000:repository/team/app',
        'image-digest': DIGEST,
        'scan-status': 'INITIAL_SCAN_COMPLETE',
      },
    ],
    [
      'Inspector2 Finding',
      { resources: [{ details: { awsEcrContainerImage: { repositoryName: 'team/app', imageHash: DIGEST } } }] },
    ],
  ])('%s names the image', (type, detail) => {
    expect(scannedImage(event(type, detail), host)).toEqual(at);
  });

  it.each([
    ['ECR Image Scan', { 'repository-name': 'team/app', 'image-digest': DIGEST, 'scan-status': 'FAILED' }],
    ['ECR Image Scan', { 'repository-name': '../app', 'image-digest': DIGEST, 'scan-status': 'COMPLETE' }],
    ['ECR Image Scan', { 'repository-name': 'team/app', 'image-digest': 'latest', 'scan-status': 'COMPLETE' }],
    ['Inspector2 Finding', { resources: [{ details: { awsEc2Instance: {} } }] }],
    ['Inspector2 Finding', {}],
  ])('%s about something else names none: %j', (type, detail) => {
    expect(scannedImage(event(type, detail), host)).toBeUndefined();
  });
});

describe('what ECR knows of an image', () => {
  const [finding] = samples.ecrBasic.imageScanFindings.findings;
  const page = (name: string, more: object = {}) => ({
    ...samples.ecrBasic,
    imageScanFindings: {
      imageScanCompletedAt: new Date('2026-05-01T08:00:00Z'),
      findings: [{ ...finding, name }],
    },
    ...more,
  });
  function client(...pages: object[]) {
    const asked: { nextToken?: string; imageId?: object; registryId?: string }[] = [];
    const send = async ({ input }: { readonly input: (typeof asked)[number] }) => {
      asked.push(input);
      return pages[asked.length - 1];
    };
    return { asked, ecr: { send } as unknown as ECRClient };
  }

  it('is read whole, page after page', async () => {
    const { ecr, asked } = client(page('CVE-2026-1', { nextToken: 'more' }), page('CVE-2026-2'));
    const report = await ecrFindings(ecr, at, '000000000000');
    expect(report?.scanner.name).toBe('ecr-basic');
    expect(report?.findings.map(({ id }) => id)).toEqual(['CVE-2026-1', 'CVE-2026-2']);
    expect(asked).toMatchObject([
      { imageId: { imageDigest: DIGEST }, registryId: '000000000000' },
      { nextToken: 'more' },
    ]);
  });

  it("is Inspector's where that does the scanning, and nothing while there is no finished scan", async () => {
    const enhanced = client({ ...samples.ecrEnhanced, imageScanStatus: { status: 'ACTIVE' } });
    expect((await ecrFindings(enhanced.ecr, at, '0'))?.scanner.name).toBe('inspector');
    expect(
      await ecrFindings(client(page('CVE-1', { imageScanStatus: { status: 'IN_PROGRESS' } })).ecr, at, '0'),
    ).toBeUndefined();
    expect(await ecrFindings(client({ imageScanStatus: { status: 'FAILED' } }).ecr, at, '0')).toBeUndefined();
  });
});

describe('taking in a report', () => {
  const subject = { ...at, mediaType: 'application/vnd.oci.image.manifest.v1+json', tags: [] };
  const clock = { now: () => new Date('2026-05-02T00:00:00Z') };

  it('tells the gate of what is new, and of nothing else', async () => {
    const votes = memoryVoteStore();
    const report = readReportValue(samples.grype);
    const first = await addReport({ votes, clock }, subject, report, 'event');
    expect(first).toMatchObject({ outcome: 'stored', vote: { voter: 'grype', via: 'event' } });
    expect(first.drafts).toMatchObject([
      { detailType: 'Gate Inputs Changed', data: { cause: 'vote', subject: { digest: DIGEST } } },
    ]);
    expect(await addReport({ votes, clock }, subject, report, 'event')).toMatchObject({
      outcome: 'unchanged',
      drafts: [],
    });
  });

  it('refuses one about other bytes', async () => {
    const other = { ...subject, digest: `sha256:${'c'.repeat(64)}` as Digest };
    await expect(
      addReport({ votes: memoryVoteStore(), clock }, other, readReportValue(samples.grype), 'file'),
    ).rejects.toMatchObject({ code: 'report-mismatch' });
  });
});
