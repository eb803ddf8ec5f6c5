import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { predicateTypes } from '../../lib/attestation/index.ts';
import { digestOf } from '../../lib/core/digest.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { untrustedImageStarted } from '../../lib/events/index.ts';
import { COSIGN_SIGN_PREDICATE } from '../../lib/signing/index.ts';
import { review } from '../lib/admission/reviews.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { type HttpsFront, startHttpsFront } from '../support/https-front.ts';
import { pushBuilt } from '../support/push-images.ts';
import { PRIMARY_REGION, startTestStack, type TestStack } from '../support/stack.ts';

const base = [osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])];
const imageOf = (name: string) => buildImage([[...base, { path: 'app/name', content: name }]]);

const keysAnswer = z.object({
  use: z.string(),
  keys: z.array(z.object({ keyId: z.string(), algorithm: z.string(), purpose: z.string(), signsNow: z.boolean() })),
});
const cryptoAnswer = z.object({
  images: z.number(),
  byAlgorithm: z.record(z.string(), z.number()),
  missing: z.object({ images: z.number() }),
});
const reviewAnswer = z.object({
  response: z.object({
    allowed: z.boolean(),
    status: z.object({ message: z.string() }).optional(),
    patch: z.string().optional(),
  }),
});

/** ECS's event about a task that runs one image. */
const taskEvent = (image: ImageLocation, task: string) => {
  const taskArn = `arn:aws:ecs:${PRIMARY_REGION}:000000000000:task/shop/${task}`;
  return {
    source: 'aws.ecs',
    detailType: 'ECS Task State Change',
    detail: {
      clusterArn: `arn:aws:ecs:${PRIMARY_REGION}:000000000000:cluster/shop`,
      taskArn,
      lastStatus: 'RUNNING',
      desiredStatus: 'RUNNING',
      containers: [{ name: 'app', image: `${image.registry}/${image.repository}:v1`, imageDigest: image.digest }],
    },
  };
};

describe('trust in images', () => {
  let dataDir: string;
  let system: TestStack;
  let front: HttpsFront;
  const images: ImageLocation[] = [];
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-trust-'));
    system = await startTestStack({ dataDir });
    front = await startHttpsFront(system.api);
    await system.run('sync-advisories');
    for (const name of ['one', 'two']) {
      const digest = await pushBuilt(system.source.client, `team/${name}`, imageOf(name), 'v1');
      images.push(system.location(`team/${name}`, digest));
    }
    await system.settle();
  });
  afterAll(async () => {
    await front?.close();
    await system?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const statementsOf = async ({ repository, digest }: ImageLocation): Promise<readonly string[]> => {
    const { descriptors } = await system.source.client.listReferrers({ repository, digest });
    return descriptors.map(({ annotations }) => annotations?.['dev.sigstore.bundle.predicateType'] ?? '').sort();
  };
  const admit = async (image: string, action = 'mutate') => {
    const path = `/admission/${await system.admissionSecret()}/${action}`;
    const { status, body } = await front.post(path, review({ kind: 'Deployment', image }));
    expect(status).toBe(200);
    return reviewAnswer.parse(body).response;
  };

  it('is said in statements beside the signature, each once', async () => {
    for (const image of images) {
      expect(await statementsOf(image)).toEqual(
        [
          COSIGN_SIGN_PREDICATE,
          predicateTypes.cyclonedx,
          predicateTypes.vulnerabilities,
          predicateTypes.verdict,
        ].sort(),
      );
    }
  });

  it('lets a cluster run what has a verdict, by the digest that its tag names, over HTTPS', async () => {
    const [image] = images;
    const name = `${image?.registry}/${image?.repository}:v1`;
    const answer = await admit(name);
    expect(answer.allowed).toBe(true);
    expect(JSON.parse(Buffer.from(answer.patch ?? '', 'base64').toString())).toEqual([
      { op: 'replace', path: '/spec/template/spec/containers/0/image', value: `${name}@${image?.digest}` },
    ]);
    expect(await admit(name, 'validate')).toEqual({ allowed: true });
    const replica = await admit(`${system.replica.host}/${image?.repository}@${image?.digest}`);
    expect(replica.allowed).toBe(true);
  });

  it('keeps out what has none, what is not there, and what nobody knows', async () => {
    const [image] = images;
    const strange = `${image?.registry}/${image?.repository}@${digestOf('strange')}`;
    expect((await admit(strange)).status?.message).toContain('no-verdict');
    expect((await admit(`${image?.registry}/${image?.repository}:none`)).status?.message).toContain('tag-unknown');
    expect((await admit('nginx:latest')).status?.message).toContain('could not be checked');
  });

  it('answers nobody who does not know the address, and no review that is none', async () => {
    expect((await front.post('/admission/guess/mutate', review())).status).toBe(401);
    const secret = await system.admissionSecret();
    expect((await front.post(`/admission/${secret}/other`, review())).status).toBe(401);
    expect((await front.post(`/admission/${secret}/validate`, { kind: 'Pod' })).status).toBe(400);
  });

  it('is asked of tasks once they run, and told of where it is missing', async () => {
    const [image] = images;
    if (!image) throw new Error('nothing was pushed');
    const strange = { ...image, digest: digestOf('strange') };
    system.stack.putEvent(PRIMARY_REGION, taskEvent(image, 'good'));
    system.stack.putEvent(PRIMARY_REGION, taskEvent(strange, 'bad'));
    system.stack.putEvent(PRIMARY_REGION, taskEvent(strange, 'bad'));
    await system.settle();
    const told = (await system.trail()).filter(({ detailType }) => detailType === untrustedImageStarted.detailType);
    expect(told.map(({ subject }) => subject)).toEqual([locationKey(strange)]);
  });

  it('is made post-quantum by a rule of the configuration alone, image by image', { timeout: 240_000 }, async () => {
    const before = cryptoAnswer.parse(await (await system.ask('/api/trust/crypto')).json());
    expect(before).toMatchObject({ images: 2, byAlgorithm: { 'ecdsa-p256-sha256': 2 }, missing: { images: 0 } });
    await front.close();
    await system.close();
    const rules = '"algorithms":[{"use":"both","from":"2026-01-01T00:00:00Z"}]';
    system = await startTestStack({
      dataDir,
      pullGate: true,
      instead: { '"algorithms":[]': rules, '"resignPerRun":200': '"resignPerRun":1' },
    });
    front = await startHttpsFront(system.api);
    // One image a run: the campaign goes on where it was.
    for (const missing of [2, 1, 0]) {
      const now = cryptoAnswer.parse(await (await system.ask('/api/trust/crypto')).json());
      expect(now.missing.images).toBe(missing);
      await system.run('renew-verdicts');
    }
    for (const image of images) {
      const types = [predicateTypes.cyclonedx, predicateTypes.vulnerabilities, predicateTypes.verdict];
      expect(await statementsOf(image)).toEqual(
        [...types, ...types, COSIGN_SIGN_PREDICATE, COSIGN_SIGN_PREDICATE].sort(),
      );
      expect((await admit(locationKey(image))).allowed).toBe(true);
    }
    const { use, keys } = keysAnswer.parse(await (await system.ask('/api/trust/keys')).json());
    expect(use).toBe('both');
    expect(keys.map(({ algorithm, signsNow }) => `${algorithm} ${signsNow}`).sort()).toEqual([
      'ecdsa-p256-sha256 true',
      'ml-dsa-65 true',
    ]);
  });

  it('ends with the key: once it is revoked, nothing counts that it signed', async () => {
    const { keys } = keysAnswer.parse(await (await system.ask('/api/trust/keys')).json());
    const quantum = keys.find(({ purpose }) => purpose === 'post-quantum');
    const body = JSON.stringify({ keyId: quantum?.keyId, reason: 'a test of the worst case' });
    await system.ask('/api/trust/keys/revoke', { method: 'POST', body });
    const [image] = images;
    if (!image) throw new Error('nothing was pushed');
    system.stack.putEvent(PRIMARY_REGION, taskEvent(image, 'after'));
    await system.settle();
    const trail = await system.trail();
    const told = trail.filter(({ detailType }) => detailType === untrustedImageStarted.detailType).at(-1);
    expect(told?.detail).toMatchObject({ data: { reason: 'algorithm-missing', subject: { digest: image.digest } } });
    expect(trail.some(({ detailType }) => detailType === 'Key Revoked')).toBe(true);
    const { repository, digest } = image;
    await expect(system.source.client.getManifest({ repository, reference: digest })).rejects.toThrow(
      /may not be pulled/,
    );
  });

  it('leaves no dead letter, and needed no right that it did not have', () => {
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });
});
