import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageLocation } from '../../lib/core/image-reference.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import * as reports from '../lib/scanners/samples.ts';
import { putAdvisory } from '../support/advisories.ts';
import { pushBuilt } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const DAY_MS = 86_400_000;
const ID = 'TEST-2026-musl';

describe('what people say of findings', () => {
  let system: TestStack;
  let image: ImageLocation;
  beforeAll(async () => {
    system = await startTestStack();
    await putAdvisory(system.documents, { ecosystem: 'Alpine:v3.10', name: 'musl', severity: 'critical' });
    await system.run('sync-advisories');
    const built = buildImage([[osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'])]]);
    const digest = await pushBuilt(system.source.client, 'team/app', built, 'v1');
    image = { registry: system.source.host, repository: 'team/app', digest };
    await system.settle();
  });
  afterAll(() => system?.close());

  async function ask(path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${system.api}${path}`, {
      ...(body === undefined
        ? {}
        : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    await system.settle();
    return answer;
  }
  const verdict = async () => (await system.overview(image)).verdict;
  const ref = () => encodeURIComponent(locationKey(image));

  it('leaves an image denied until somebody accepts its finding, and denies it again when that is taken back', async () => {
    expect((await verdict())?.decision).toBe('deny');
    // What is denied goes nowhere, also not for what is said of it.
    expect(system.replica.registry.store.listManifests(image.repository)).toEqual([]);
    const until = new Date(Date.now() + DAY_MS).toISOString();
    const request = { vulnerability: ID, image: '**/team/*', reason: 'only a test', author: 'ops', until };
    const { waiver } = (await ask('/api/waivers', request)) as { waiver: { id: string } };
    expect(await verdict()).toMatchObject({
      decision: 'allow',
      warnings: [expect.stringContaining(`waived by ${waiver.id}`)],
    });
    expect((await system.overview(image)).signature).toBeDefined();
    await ask('/api/waivers/remove', { id: waiver.id, by: 'ops' });
    expect((await verdict())?.decision).toBe('deny');
  });

  it('goes by VEX that is given for the repository', async () => {
    const document = {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.com/vex/1',
      author: 'the team',
      timestamp: new Date().toISOString(),
      version: 1,
      statements: [
        {
          vulnerability: { name: ID },
          products: [
            {
              '@id': `pkg:oci/app@${encodeURIComponent(image.digest)}`,
              subcomponents: [{ '@id': 'pkg:apk/alpine/musl' }],
            },
          ],
          status: 'not_affected',
          justification: 'vulnerable_code_not_in_execute_path',
        },
      ],
    };
    const answer = await ask(
      `/api/vex?repository=${encodeURIComponent(`${image.registry}/${image.repository}`)}`,
      document,
    );
    expect(answer).toMatchObject({ outcome: 'stored', images: 1 });
    expect(await verdict()).toMatchObject({
      decision: 'allow',
      warnings: [expect.stringContaining('VEX of the team')],
    });
  });

  it("shows another scanner's report beside Lading's findings", async () => {
    await ask(`/api/reports?ref=${ref()}`, { ...reports.trivy, Metadata: {} });
    expect(await ask(`/api/votes?ref=${ref()}`)).toMatchObject({
      voters: [{ voter: 'trivy', findings: 2 }],
      agreements: expect.arrayContaining([expect.objectContaining({ id: ID, dissent: ['trivy'] })]),
    });
  });

  it('says who has a vulnerability', async () => {
    expect(await ask(`/api/vulnerability?id=${ID}`)).toMatchObject({
      images: [{ image: locationKey(image), findings: [{ package: { name: 'musl' } }], runs: [] }],
      examined: 1,
      complete: true,
    });
    expect(await ask(`/api/remediation?ref=${ref()}`)).toEqual({ plans: [] });
  });

  it('is looked through for what ended, without complaint', async () => {
    await system.run('keep-appointments');
    await system.settle();
    expect(await ask('/api/waivers')).toMatchObject({ waivers: [{ state: 'removed' }] });
  });
});
