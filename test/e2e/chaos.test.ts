import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../lib/core/digest.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../lib/formats/sigstore-bundle/index.ts';
import { missingStage, stages } from '../../lib/inventory/index.ts';
import { documentSbomStore } from '../../lib/sbom/adapters/document-sbom-store.ts';
import { verifyImage } from '../../lib/signing/index.ts';
import {
  apkDatabase,
  type BuiltImage,
  buildImage,
  buildLayer,
  dpkgStatus,
  osRelease,
} from '../lib/sbom/image-builder.ts';
import { crashPoints } from '../support/crash-points.ts';
import { pushBuilt } from '../support/push-images.ts';
import { chosenSeed, seededRandom } from '../support/random.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { unreliableBus } from '../support/unreliable-bus.ts';

const COUNT = Number(process.env.LADING_CHAOS ?? 60);
const REPOSITORIES = 5;
const WINDOW = 100;
/** Kills at any moment, beside those right after each kind of effect. */
const KILLED_SHARE = 0.02;
const KILLS_PER_POINT = Math.ceil(COUNT / 150);
/** Invocations take some tens of milliseconds: a kill comes anywhere in them, or not at all. */
const KILLED_WITHIN_MS = 80;
const STAGES: readonly string[] = stages;
const TIMEOUT_MS = 60_000 * (5 + COUNT / 20);

const seed = chosenSeed();
const random = seededRandom(seed);

const layers = [
  buildLayer([osRelease('alpine', '3.10.2'), apkDatabase(['musl', '1.1.22-r3'], ['busybox', '1.30.1-r2'])], 'gzip'),
  buildLayer([osRelease('debian', '12'), dpkgStatus(['libc6', '2.36-9+deb12u10'])], 'gzip'),
  buildLayer([{ path: 'app/one', content: 'one' }], 'gzip'),
  buildLayer([{ path: 'app/two', content: 'two' }], 'gzip'),
];

/** Images on few shared layers, told apart by an annotation. */
function numbered(count: number): readonly BuiltImage[] {
  const bases = [0, 1].flatMap((base) => [2, 3].map((top) => buildImage([layers[base], layers[top]].map(orThrow))));
  return Array.from({ length: count }, (_, i) => {
    const base = orThrow(bases[i % bases.length]);
    const manifest = JSON.parse(base.manifest.toString('utf8')) as object;
    const bytes = Buffer.from(JSON.stringify({ ...manifest, annotations: { number: String(i) } }));
    const descriptor = { ...base.descriptor, digest: digestOf(bytes), size: bytes.length };
    return { ...base, manifest: bytes, descriptor, blobs: base.blobs.map((b) => (b === base.manifest ? bytes : b)) };
  });
}

const tagOf = (image: BuiltImage): string => `v-${image.descriptor.digest.slice(7, 15)}`;

/** What an event of a registry or of the system is about. */
function digestOfEvent({ detail }: { readonly detail: unknown }): string | undefined {
  const known = detail as { 'image-digest'?: string; data?: { subject?: { digest?: string } } };
  return known['image-digest'] ?? known.data?.subject?.digest;
}

function orThrow<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}

describe(`${COUNT} pushes with lost, doubled and shuffled events and killed functions (seed ${seed})`, () => {
  const bus = unreliableBus(random);
  let killing = false;
  const points = crashPoints({ timesEach: KILLS_PER_POINT, armed: () => killing });
  const killed = new Map<string, number>();
  let begunTwice: readonly string[] = [];
  const stopped: string[] = [];
  let system: TestStack;
  let images: readonly ImageLocation[];
  const delivered = new Set<string>();

  beforeAll(async () => {
    system = await startTestStack({
      intercept: (event, busName) => {
        points.published(event);
        return bus.intercept(event, busName);
      },
      patienceMs: TIMEOUT_MS,
      chaos: ({ name }) => ({
        ...points.chaos(name),
        killAfter: () => (killing && random() < KILLED_SHARE ? random() * KILLED_WITHIN_MS : undefined),
      }),
    });
    points.watch(system);
    system.stack.onInvocation(({ functionName, outcome }) => {
      if (outcome === 'crash') killed.set(functionName, (killed.get(functionName) ?? 0) + 1);
    });
    system.stack.onEvent(({ detail }, busName) => {
      if (busName === 'lading') delivered.add((detail as { metadata: { id: string } }).metadata.id);
    });
    await system.run('sync-advisories');
    bus.set({ doubled: 0.2, window: WINDOW });
    const made = numbered(COUNT);
    const calm = Math.ceil(COUNT / 3);
    images = await pushAll(made.slice(0, calm));
    await system.settle();
    begunTwice = (await system.rows('work'))
      .filter(({ attempts }) => attempts !== 1)
      .map(({ pk, sk }) => `${pk} ${sk}`);
    killing = true;
    bus.set({ lost: 0.02, window: WINDOW });
    images = [...images, ...(await pushAll(made.slice(calm)))];
    await system.settle();
    const touched = new Set(bus.lost.map(digestOfEvent));
    for (const image of images.filter(({ digest }) => !touched.has(digest))) {
      const missing = await missingOf(image);
      if (missing !== undefined) stopped.push(`${missing}: ${locationKey(image)}`);
    }
    bus.set({ lost: 0 });
    await system.run('reconcile', { graceMs: 0 });
    killing = false;
    const { events, doubled, delayed } = bus.counts;
    console.log(
      `seed ${seed}: ${COUNT} pushes, ${events} events, ${doubled} doubled, ${bus.lost.length} lost, ${delayed} shuffled; ` +
        `killed ${[...killed].map(([name, count]) => `${name} ${count}`).join(', ')}\n` +
        `points: ${[...points.killed].map(([point, count]) => `${point} ${count}`).join(', ')}`,
    );
  }, TIMEOUT_MS);
  afterAll(() => system?.close());

  const missingOf = async (image: ImageLocation): Promise<string | undefined> => {
    const entry = await system.catalog.find(image);
    return entry === undefined ? 'catalog' : missingStage(entry, await system.ledger.list(locationKey(image)), true);
  };

  async function pushAll(made: readonly BuiltImage[]): Promise<readonly ImageLocation[]> {
    const { source, location } = system;
    const pushed: ImageLocation[] = [];
    const put = async (repository: string, image: BuiltImage, tag: string): Promise<void> => {
      const { outcome } = await source.registry.store.putManifest(repository, { bytes: image.manifest, tags: [tag] });
      expect(outcome).toBe('stored');
    };
    for (const [i, image] of made.entries()) {
      const repository = `chaos/${i % REPOSITORIES}`;
      // The content goes over HTTP; once it is there, the manifests are put at the speed of the disk.
      if (i < REPOSITORIES * 4) await pushBuilt(source.client, repository, image, tagOf(image));
      else await put(repository, image, tagOf(image));
      pushed.push(location(repository, image.descriptor.digest));
      // The last event brings out all that still wait.
      if (i === made.length - 1) bus.set({ window: 0 });
      await put(repository, image, 'latest');
    }
    return pushed;
  }

  it('begins no work twice, however often its event comes, while nobody dies', () => {
    expect(begunTwice).toEqual([]);
  });

  it('kills right after every kind of effect that there is', () => {
    expect([...points.passed.keys()].filter((point) => !points.killed.has(point))).toEqual([]);
    expect(points.killed.size).toBeGreaterThan(30);
  });

  it('needs no sweep for what was killed: only images of which an event was lost have stopped', () => {
    expect(stopped).toEqual([]);
  });

  it('leaves one of everything for each', async () => {
    const [scans, verdicts, signatures, work] = await Promise.all(
      (['scans', 'verdicts', 'signatures', 'work'] as const).map((name) => system.rows(name)),
    );
    const count = (rows: typeof scans, match: (row: NonNullable<typeof scans>[number]) => boolean): number =>
      orThrow(rows).filter(match).length;
    const sboms = documentSbomStore(system.documents);
    const wrong: string[] = [];
    for (const image of images) {
      const key = locationKey(image);
      const found = {
        entries: (await system.catalog.find(image)) === undefined ? 0 : 1,
        sboms: (await sboms.get(image.digest)) === undefined ? 0 : 1,
        scans: count(scans, ({ pk }) => pk === `IMAGE#${key}`),
        verdicts: count(verdicts, ({ pk, sk }) => pk === `IMAGE#${key}` && String(sk).startsWith('INPUTS#')),
        signatures: count(signatures, ({ pk, sk }) => pk === key && String(sk).startsWith('signature#')),
        referrers: bundlesOf(image).length,
        stages: count(
          work,
          ({ pk, state, stage }) => pk === key && state === 'completed' && STAGES.includes(String(stage)),
        ),
      };
      // The signature, and three statements: SBOM, scan, verdict.
      const counts = { entries: 1, sboms: 1, scans: 1, verdicts: 1, signatures: 1, referrers: 4 };
      const expected = { ...counts, stages: STAGES.length };
      if (JSON.stringify(found) !== JSON.stringify(expected)) wrong.push(`${key}: ${JSON.stringify(found)}`);
    }
    expect(wrong).toEqual([]);
  });

  const bundlesOf = ({ repository, digest }: ImageLocation, of = system.source): readonly Digest[] =>
    of.registry.store
      .referrers(repository, digest)
      .filter(({ artifactType }) => artifactType === SIGSTORE_BUNDLE_V03)
      .map((one) => one.digest);

  it('signs each, and copies each with its signature', async () => {
    const key = await system.publicKey();
    for (const image of images) {
      expect(await verifyImage(system.replica.client, image, [key])).toMatchObject({ kind: 'verified' });
      expect(bundlesOf(image, system.replica)).toEqual(bundlesOf(image));
    }
  });

  it('has every tag where the registry has it, in the catalogue and at the replica', async () => {
    for (let i = 0; i < REPOSITORIES; i++) {
      const repository = `chaos/${i}`;
      const bound = new Map<string, Digest | undefined>();
      for await (const { tag, digest } of system.catalog.tags({ registry: system.source.host, repository }))
        bound.set(tag, digest);
      const tags = (of: typeof system.source) =>
        new Map(of.registry.store.tags(repository).map(({ tag, digest }) => [tag, digest]));
      expect(bound).toEqual(tags(system.source));
      expect(tags(system.replica)).toEqual(tags(system.source));
    }
  });

  it('keeps every event that reached the bus in an intact trail, once', async () => {
    const trail = await system.trail();
    const recorded = trail.map(({ eventId }) => eventId);
    expect(new Set(recorded).size).toBe(recorded.length);
    expect(new Set(recorded)).toEqual(delivered);
    expect(await system.verifyTrail()).toMatchObject({ kind: 'intact', entries: trail.length });
  });

  it('leaves no dead letter, and needed no right that it did not have', () => {
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
    expect(system.stack.droppedEvents).toEqual([]);
    expect(system.notices).toEqual([]);
  });
});
