import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findImages } from '../../../lib/admission/find-images.ts';
import {
  type AdmissionConfig,
  admissionConfigSchema,
  admitWorkload,
  type JudgePorts,
  readReview,
  writeReview,
} from '../../../lib/admission/index.ts';
import { parseWorkloadImage } from '../../../lib/admission/parse-workload-image.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { formatImageReference } from '../../../lib/core/image-reference.ts';
import { type ReviewOptions, review, workloadKinds } from './reviews.ts';

const GOOD = digestOf('good');
const BAD = digestOf('bad');

/** A registry where `1` is good, `bad` is not, and `broken` cannot be told. */
const ports: JudgePorts = {
  tags: {
    async digestOf({ tag }) {
      if (tag === 'broken') throw new Error('the registry does not answer');
      return tag === 'gone' ? undefined : tag === 'bad' ? BAD : GOOD;
    },
  },
  trust: {
    judge: async ({ digest }) =>
      digest === GOOD
        ? { kind: 'trusted', keyIds: ['k'], validUntil: '2026-04-01T00:00:00.000Z' }
        : { kind: 'distrusted', reason: 'no-verdict', detail: 'Lading has no verdict on it' },
  },
};

const configOf = (given: unknown = {}): AdmissionConfig => admissionConfigSchema.parse(given);

async function ask(options: ReviewOptions, config: AdmissionConfig = configOf(), change = true) {
  const reading = readReview(Buffer.from(JSON.stringify(review(options))));
  if (reading.kind === 'invalid') throw new Error(reading.problem);
  return admitWorkload(ports, reading.request, config, { change });
}

const app = (tag: string): string => `registry.example/team/app:${tag}`;

describe('a workload that asks to run', () => {
  it.each(workloadKinds)('%s: is let in with a verdict, and refused without', async (kind) => {
    const good = await ask({ kind, image: app('1') });
    expect(good).toMatchObject({ allowed: true, warnings: [] });
    expect(good.patch).toEqual([
      { op: 'replace', path: expect.stringMatching(/\/containers\/0\/image$/), value: `${app('1')}@${GOOD}` },
    ]);
    const bad = await ask({ kind, image: app('bad') });
    expect(bad).toMatchObject({ allowed: false, patch: [] });
    expect(bad.message).toContain('registry.example/team/app:bad: Lading has no verdict on it (no-verdict)');
  });

  it('comes from the registry that is near to its cluster, by digest, and from its own where none is known', async () => {
    const near = { registry: 'near.example', repository: 'copy/app', digest: GOOD };
    const from = async (image: string, place: typeof near | undefined | Error, config = configOf()) => {
      const places = {
        nearest: async () => {
          if (place instanceof Error) throw place;
          return place;
        },
      };
      const reading = readReview(Buffer.from(JSON.stringify(review({ kind: 'Pod', image }))));
      if (reading.kind === 'invalid') throw new Error(reading.problem);
      const answer = await admitWorkload({ ...ports, places }, reading.request, config, { change: true, near: 'ohio' });
      return answer.patch.map(({ value }) => value);
    };
    expect(await from(app('1'), near)).toEqual([`near.example/copy/app:1@${GOOD}`]);
    expect(await from(`registry.example/team/app@${GOOD}`, near)).toEqual([`near.example/copy/app@${GOOD}`]);
    expect(await from(app('1'), near, configOf({ pinDigests: false }))).toEqual([`near.example/copy/app:1@${GOOD}`]);
    for (const place of [undefined, new Error('no table')])
      expect(await from(app('1'), place)).toEqual([`${app('1')}@${GOOD}`]);
    // What is not let in goes nowhere.
    expect(await from(app('bad'), near)).toEqual([]);
  });

  it.each(['initContainers', 'ephemeralContainers'])('is refused for one bad image among %s', async (list) => {
    const podSpec = { containers: [{ name: 'a', image: app('1') }], [list]: [{ name: 'b', image: app('bad') }] };
    const subResource =
      list === 'ephemeralContainers' ? { subResource: 'ephemeralcontainers', operation: 'UPDATE' as const } : {};
    expect((await ask({ podSpec, ...subResource })).allowed).toBe(false);
  });

  it('is refused for a bad image that it mounts as a volume', async () => {
    const volumes = [{ name: 'v', image: { reference: app('bad'), pullPolicy: 'IfNotPresent' } }];
    expect((await ask({ podSpec: { containers: [{ name: 'a', image: app('1') }], volumes } })).allowed).toBe(false);
  });

  it('is refused on update, too, and let go when it is deleted', async () => {
    expect((await ask({ image: app('bad'), operation: 'UPDATE' })).allowed).toBe(false);
    expect((await ask({ image: app('bad'), operation: 'DELETE' })).allowed).toBe(true);
  });

  it('is refused where its images cannot be found, which is not the same as having none', async () => {
    for (const podSpec of [{ containers: 'none' }, { containers: [{ name: 'a', image: 7 }] }, 'text'])
      expect((await ask({ podSpec })).allowed).toBe(false);
    expect((await ask({ kind: 'Deployment', podSpec: null })).allowed).toBe(false);
  });

  it('is refused for a name that no runtime could pull, and for a tag that is not there', async () => {
    expect((await ask({ image: 'Registry.example/UPPER:1' })).message).toContain('name-invalid');
    expect((await ask({ image: app('gone') })).message).toContain('tag-unknown');
  });

  it('is refused or let in when it cannot be told, as its namespace says', async () => {
    const config = configOf({ namespaces: [{ match: ['dev-*'], onFailure: 'allow' }] });
    expect((await ask({ image: app('broken') }, config)).allowed).toBe(false);
    const open = await ask({ image: app('broken'), namespace: 'dev-one' }, config);
    expect(open.allowed).toBe(true);
    expect(open.warnings).toEqual([expect.stringContaining('could not be checked')]);
    // Failing open is for failures: what is known to be bad stays out.
    expect((await ask({ image: app('bad'), namespace: 'dev-one' }, config)).allowed).toBe(false);
  });

  it('is warned of and let in where the namespace only warns, and not looked at where it is off', async () => {
    const config = configOf({
      namespaces: [
        { match: ['kube-system'], mode: 'off' },
        { match: ['**'], mode: 'warn' },
      ],
    });
    const warned = await ask({ image: app('bad') }, config);
    expect(warned.allowed).toBe(true);
    expect(warned.warnings).toHaveLength(1);
    expect(await ask({ image: app('bad'), namespace: 'kube-system' }, config)).toEqual({
      allowed: true,
      warnings: [],
      patch: [],
    });
  });

  it('may run exempt images, and no image whose name only begins like one', async () => {
    const config = configOf({ exempt: ['registry.k8s.io/**'] });
    expect((await ask({ image: 'registry.k8s.io/pause:3.9' }, config)).allowed).toBe(true);
    expect((await ask({ image: 'registry.k8s.io.evil.example/pause:bad' }, config)).allowed).toBe(false);
  });

  it('is not changed by a webhook that only validates, nor where digests are not pinned', async () => {
    expect((await ask({}, configOf(), false)).patch).toEqual([]);
    expect((await ask({}, configOf({ pinDigests: false }))).patch).toEqual([]);
    expect((await ask({ image: `registry.example/team/app@${GOOD}` })).patch).toEqual([]);
  });

  it('is answered in the form that the API server takes', async () => {
    const reading = readReview(Buffer.from(JSON.stringify(review())));
    if (reading.kind === 'invalid') throw new Error(reading.problem);
    const yes = writeReview(reading.request, await ask({})) as { response: { patch: string } };
    expect(yes).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: reading.request.uid, allowed: true, patchType: 'JSONPatch' },
    });
    expect(JSON.parse(Buffer.from(yes.response.patch, 'base64').toString())).toHaveLength(1);
    const no = writeReview(reading.request, await ask({ image: app('bad') }));
    expect(no).toMatchObject({ response: { allowed: false, status: { code: 403 } } });
    expect(readReview(Buffer.from('{"kind":"AdmissionReview"}')).kind).toBe('invalid');
    expect(readReview(Buffer.from('not json')).kind).toBe('invalid');
    const old = { ...review(), apiVersion: 'admission.k8s.io/v1beta1' };
    expect(readReview(Buffer.from(JSON.stringify(old))).kind).toBe('invalid');
  });
});

describe('the images of a workload', () => {
  it('are found wherever they stand, or the workload is not to be read', () => {
    const image = fc.constantFrom(app('1'), 'nginx', 'a/b@sha256:x');
    const container = fc.record({ name: fc.string(), image }, { requiredKeys: ['name'] });
    const lists = fc.record(
      {
        containers: fc.array(container, { maxLength: 4 }),
        initContainers: fc.array(container, { maxLength: 4 }),
        ephemeralContainers: fc.array(container, { maxLength: 4 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(lists, fc.constantFrom(...workloadKinds), (podSpec, kind) => {
        const { request } = review({ kind, podSpec });
        const found = findImages({ ...request, object: JSON.parse(JSON.stringify(request.object)) });
        const expected = Object.values(podSpec).flatMap((list) => (list ?? []).flatMap((one) => one.image ?? []));
        const images = found.kind === 'images' ? found.images.map((one) => one.image) : [];
        expect(images.sort()).toEqual(expected.sort());
      }),
    );
  });

  it('never make it fail, whatever the object is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...workloadKinds), (object, kind) => {
        const { request } = review({ kind });
        expect(['images', 'none', 'unreadable']).toContain(findImages({ ...request, object }).kind);
      }),
    );
  });

  it.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['nginx:1.27', 'docker.io/library/nginx:1.27'],
    ['team/app', 'docker.io/team/app:latest'],
    ['index.docker.io/team/app:2', 'docker.io/team/app:2'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app:1', 'localhost:5000/app:1'],
    ['registry.example/a/b/c', 'registry.example/a/b/c:latest'],
    [`registry.example/a:1@${GOOD}`, `registry.example/a:1@${GOOD}`],
  ])('are named as a runtime would: %s', (given, expected) => {
    const parsed = parseWorkloadImage(given);
    expect(parsed && formatImageReference(parsed)).toBe(expected);
  });

  it.each(['', 'a b', 'UPPER', 'x@sha256:12', 'http://x/y', '../x', 'x:'])(
    'are refused where they are none: %s',
    (given) => {
      expect(parseWorkloadImage(given)).toBeUndefined();
    },
  );
});
