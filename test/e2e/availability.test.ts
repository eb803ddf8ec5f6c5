import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatImageReference, type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { review } from '../lib/admission/reviews.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { startHttpsFront } from '../support/https-front.ts';
import { pushBuilt } from '../support/push-images.ts';
import { FOREIGN_HOST, startTestStack, type TestStack } from '../support/stack.ts';
import { unusedRights } from '../support/unused-rights.ts';

const NEAR_OHIO = '000000000000.dkr.ecr.us-east-1.amazonaws.com';
const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])]]);
const reviewAnswer = z.object({ response: z.object({ allowed: z.boolean(), patch: z.string() }) });

describe('registries that are near, far and down', () => {
  let system: TestStack;
  let source: ImageLocation;
  let copy: ImageLocation;
  const get = async (path: string): Promise<unknown> => (await fetch(`${system.api}${path}`)).json();
  const resolve = (ref: string, near?: string) =>
    get(`/api/resolve?${new URLSearchParams({ ref, ...(near === undefined ? {} : { near }) })}`);

  beforeAll(async () => {
    system = await startTestStack({
      instead: { '"locations":[]': `"locations":[{"name":"ohio","registries":["${NEAR_OHIO}"]}]` },
    });
    source = system.location('team/app', await pushBuilt(system.source.client, 'team/app', image, 'v1'));
    await system.settle();
    copy = { ...source, registry: system.replica.host };
  });
  afterAll(() => system?.close());

  it('are told of as they answer', async () => {
    const states = (state: string, probes: number) =>
      [system.source.host, system.replica.host, FOREIGN_HOST].map((registry) => ({ registry, state, probes }));
    expect(await get('/api/registries')).toMatchObject({
      registries: states('unknown', 0),
      locations: [{ name: 'ohio', registries: [system.replica.host] }],
      routes: [{ host: system.source.host, mirrors: [{ host: system.replica.host, prefix: '', insecure: false }] }],
    });
    await system.run('probe-registries');
    expect(await get('/api/registries')).toMatchObject({ registries: states('up', 1) });
  });

  it('give an image from where it is near, and what its tag names at the source', async () => {
    expect(await resolve(locationKey(source), 'ohio')).toMatchObject({ kind: 'resolved', place: copy });
    expect(await resolve(locationKey(copy))).toMatchObject({ kind: 'resolved', digest: source.digest });
    const byTag = await resolve(`${source.registry}/team/app:v1`);
    expect(byTag).toMatchObject({ kind: 'resolved', tagFrom: 'source', digest: source.digest });
    expect(await resolve(`${source.registry}/team/app:v9`)).toMatchObject({ kind: 'tag-unknown' });
    expect(await resolve(locationKey(source), 'mars')).toMatchObject({ title: 'location-unknown' });
    expect(await resolve('No Name')).toMatchObject({ title: 'reference-invalid' });
  });

  it('are written into the workloads of a cluster that says where it is, by digest', async () => {
    const front = await startHttpsFront(system.api);
    try {
      const address = `/admission/${await system.admissionSecret()}`;
      const named = `${source.registry}/team/app:v1`;
      const { body } = await front.post(`${address}/mutate@ohio`, review({ kind: 'Pod', image: named }));
      const { response } = reviewAnswer.parse(body);
      expect(response.allowed).toBe(true);
      const [change] = JSON.parse(Buffer.from(response.patch, 'base64').toString());
      expect(change.value).toBe(formatImageReference({ ...copy, tag: 'v1' }));
      // What the validating webhook then sees is let in as well.
      const { body: second } = await front.post(`${address}/validate`, review({ kind: 'Pod', image: change.value }));
      expect(second).toMatchObject({ response: { allowed: true } });
      expect((await front.post(`${address}/mutate@mars`, review({ kind: 'Pod', image: named }))).status).toBe(401);
    } finally {
      await front.close();
    }
  });

  it('are told of once when they go down', async () => {
    await system.foreign.registry.close();
    for (let i = 0; i < 4; i++) await system.run('probe-registries');
    expect(await get('/api/registries')).toMatchObject({
      registries: [{ state: 'up' }, { state: 'up' }, { registry: FOREIGN_HOST, state: 'down', probes: 4 }],
    });
    const told = (await system.trail()).filter(({ detailType }) => detailType.startsWith('Registry '));
    expect(told.map(({ detailType }) => detailType)).toEqual(['Registry Went Down']);
    expect(JSON.stringify(told)).toContain(FOREIGN_HOST);
  });

  it('need no right that is not theirs, and each that they have', () => {
    expect(system.deadLetters()).toEqual({});
    const unused = unusedRights(system.stack).filter((right) => /^(?:probe-registries|resolve-images): /.test(right));
    // Of ECR, a manifest takes one action; the others come with the right to pull.
    expect(
      unused.filter((right) => !/: ecr:(?:batchchecklayeravailability|getdownloadurlforlayer)$/.test(right)),
    ).toEqual([]);
  });
});
