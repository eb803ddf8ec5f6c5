import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import {
  createArtifactManifest,
  createIndex,
  type Descriptor,
  EMPTY_BLOB,
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_MANIFEST,
} from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import {
  cosignTags,
  createKnownManifests,
  ensureBlob,
  type Registry,
  referrersTag,
  walkClosedGraph,
} from '../../../lib/registry/index.ts';
import { memoryReplicas } from '../../../lib/replication/adapters/memory-replicas.ts';
import { checkReplica, createBlobPlaces, type ReplicaStore, replicateImage } from '../../../lib/replication/index.ts';
import { codeOf, pushImage } from '../../contract/registry.contract.ts';

const FROM = 'team/app';
const TO = 'mirror/app';

interface World {
  readonly source: Registry;
  readonly target: Registry;
  readonly replicas: ReplicaStore;
  readonly clock: ReturnType<typeof manualClock>;
}

const world = (targetApi = true): World => ({
  source: createMemoryRegistry({ host: 'source.example' }),
  target: createMemoryRegistry({ host: 'target.example', referrersApi: targetApi }),
  replicas: memoryReplicas(),
  clock: manualClock(),
});

const request = (digest: Digest, tags: readonly string[] = []) => ({
  source: { registry: 'source.example', repository: FROM, digest },
  target: { registry: 'target.example', repository: TO },
  tags,
});

async function attach(registry: Registry, subject: Descriptor, name: string) {
  const { digest: d, size: s } = EMPTY_BLOB.descriptor;
  await ensureBlob(registry, { repository: FROM, digest: d, size: s, content: EMPTY_BLOB.bytes });
  const { mediaType, digest, size } = subject;
  const annotations = { name };
  const made = createArtifactManifest({
    artifactType: 'application/vnd.example',
    layers: [],
    subject: { mediaType, digest, size },
    annotations,
  });
  await registry.attachReferrer({ repository: FROM, ...made });
  return made;
}

/** An index of two images under `v1`, with a signature, an SBOM of one image and a signature of the older kind. */
async function pushAll(source: Registry) {
  const [a, b] = [await pushImage(source, FROM), await pushImage(source, FROM)];
  const index = createIndex([a, b].map(({ mediaType, digest, size }) => ({ mediaType, digest, size })));
  await source.putManifest({ repository: FROM, reference: 'v1', ...index });
  const signature = await attach(source, index, 'signature');
  const sbom = await attach(source, a, 'sbom');
  const old = createArtifactManifest({ artifactType: 'application/vnd.old', layers: [] });
  const [tag = ''] = cosignTags(index.digest);
  await source.putManifest({ repository: FROM, reference: tag, ...old });
  const manifests = [a, b, index, signature, sbom, old];
  const blobs = [a.layer, a.config, b.layer, b.config, EMPTY_BLOB.bytes];
  const bytes = [...manifests.map((m) => m.size), ...blobs.map((blob) => blob.length)].reduce((x, y) => x + y, 0);
  return { a, b, index, signature, sbom, old, tag, manifests, blobs, bytes };
}

/** Notes what is written, in order. */
function recording(registry: Registry, log: string[]): Registry {
  return {
    ...registry,
    putBlob: async (to, call) => {
      await registry.putBlob(to, call);
      log.push(`blob ${to.digest}`);
    },
    putManifest: async (to, call) => {
      const done = await registry.putManifest(to, call);
      log.push(`${to.reference.startsWith('sha256:') ? 'manifest' : 'tag'} ${to.reference}`);
      return done;
    },
    attachReferrer: async (to, call) => {
      const done = await registry.attachReferrer(to, call);
      log.push(`referrer ${done.digest}`);
      return done;
    },
  };
}

describe('replication of an image', () => {
  it.each([true, false])(
    'copies everything that belongs to it, and then nothing (target with API: %s)',
    async (api) => {
      const ports = world(api);
      const all = await pushAll(ports.source);
      const result = await replicateImage(ports, request(all.index.digest, ['v1']));
      expect(result).toEqual({
        kind: 'replicated',
        mediaType: all.index.mediaType,
        bytesMoved: all.bytes,
        blobsCopied: 5,
        blobsMounted: 0,
        blobsSkipped: 0,
        manifestsCopied: 6,
        manifestsSkipped: 0,
        tags: [all.tag, 'v1'],
        tagsLeft: [],
        complete: true,
      });
      for (const made of all.manifests) {
        const found = await ports.target.getManifest({ repository: TO, reference: made.digest });
        expect(found && Buffer.from(found.bytes).equals(made.bytes)).toBe(true);
      }
      const listed = await ports.target.listReferrers({ repository: TO, digest: all.index.digest });
      expect(listed.descriptors.map((d) => d.digest)).toEqual([all.signature.digest]);
      expect((await ports.target.headManifest({ repository: TO, reference: 'v1' }))?.digest).toBe(all.index.digest);

      const again = await replicateImage(ports, request(all.index.digest, ['v1']));
      expect(again).toMatchObject({
        bytesMoved: 0,
        blobsCopied: 0,
        blobsSkipped: 5,
        manifestsCopied: 0,
        manifestsSkipped: 6,
      });
      const check = await checkReplica(ports, request(all.index.digest, ['v1']));
      expect(check).toEqual({ kind: 'equal' });
    },
  );

  it('reads no manifest twice of which it is known what it is, unless it is to be thorough', async () => {
    const one = world();
    const { index, manifests } = await pushAll(one.source);
    const fetched: string[] = [];
    const source: Registry = {
      ...one.source,
      getManifest: (at, call) => {
        fetched.push(at.reference);
        return one.source.getManifest(at, call);
      },
    };
    const ports = { ...one, source, known: createKnownManifests() };
    await replicateImage(ports, request(index.digest, ['v1']));
    expect(new Set(fetched)).toEqual(new Set(manifests.map(({ digest }) => digest)));
    fetched.length = 0;
    expect(await replicateImage(ports, request(index.digest, ['v1']))).toMatchObject({ bytesMoved: 0, complete: true });
    expect(fetched).toEqual([]);
    await replicateImage(ports, { ...request(index.digest, ['v1']), thorough: true });
    expect(new Set(fetched)).toEqual(new Set(manifests.map(({ digest }) => digest)));
  });

  it('records its intention for every manifest before the first byte, and sets tags after the last', async () => {
    const ports = world();
    const all = await pushAll(ports.source);
    const log: string[] = [];
    const replicas: ReplicaStore = {
      ...ports.replicas,
      intend: async (record) => {
        log.push(`intend ${record.target.digest}`);
        return ports.replicas.intend(record);
      },
    };
    await replicateImage(
      { ...ports, replicas, target: recording(ports.target, log) },
      request(all.index.digest, ['v1']),
    );
    const kinds = log.map((line) => line.split(' ')[0]);
    expect(kinds.slice(0, 6)).toEqual(Array(6).fill('intend'));
    expect(kinds.slice(6, 11)).toEqual(Array(5).fill('blob'));
    expect(kinds.slice(-2)).toEqual(['tag', 'tag']);
    expect(log.at(-1)).toBe('tag v1');
    expect(kinds.filter((kind) => kind === 'tag')).toHaveLength(2);
    for (const { digest } of all.manifests) {
      const target = { registry: 'target.example', repository: TO, digest };
      expect(await ports.replicas.sourceOf(target)).toBe('source.example');
      expect((await ports.replicas.find(target))?.state).toBe('complete');
    }
  });

  it('moves only the bytes that are missing', async () => {
    const ports = world();
    const all = await pushAll(ports.source);
    const { digest } = { digest: digestOf(all.a.layer) };
    await ports.target.putBlob({ repository: TO, digest, size: all.a.layer.length, content: all.a.layer });
    const result = await replicateImage(ports, request(all.index.digest));
    expect(result).toMatchObject({ bytesMoved: all.bytes - all.a.layer.length, blobsCopied: 4, blobsSkipped: 1 });
  });

  it('mounts what another repository of the target holds', async () => {
    const ports = world();
    const all = await pushAll(ports.source);
    const { length: size } = all.a.layer;
    await ports.target.putBlob({ repository: 'base/image', digest: digestOf(all.a.layer), size, content: all.a.layer });
    const result = await replicateImage(ports, {
      ...request(all.index.digest),
      mountFrom: ['none/such', 'base/image'],
    });
    expect(result).toMatchObject({ blobsMounted: 1, blobsCopied: 4, bytesMoved: all.bytes - size });
  });

  it('remembers where the blobs of the image before went', async () => {
    const ports = { ...world(), places: createBlobPlaces() };
    const all = await pushAll(ports.source);
    await replicateImage(ports, request(all.index.digest));
    const target = { registry: 'target.example', repository: 'second/app' };
    const second = await replicateImage(ports, { ...request(all.index.digest), target });
    expect(second).toMatchObject({ blobsMounted: 5, blobsCopied: 0 });
    const few = createBlobPlaces(2);
    for (const name of ['a', 'b', 'c']) few.note('r.example', name, digestOf(name));
    expect(['a', 'b', 'c'].map((name) => few.repositoryWith('r.example', digestOf(name)))).toEqual([
      undefined,
      'b',
      'c',
    ]);
  });

  it('mounts everything where source and target are one registry', async () => {
    const ports = world();
    const all = await pushAll(ports.source);
    const result = await replicateImage({ ...ports, target: ports.source }, request(all.index.digest, ['v1']));
    expect(result).toMatchObject({ blobsMounted: 5, blobsCopied: 0 });
  });

  it('says that the source is gone, or not whole, and then shows no tag', async () => {
    const ports = world();
    expect(await replicateImage(ports, request(digestOf('x')))).toEqual({ kind: 'source-missing' });
    const all = await pushAll(ports.source);
    await ports.source.deleteManifest({ repository: FROM, digest: all.b.digest });
    expect(await replicateImage(ports, request(all.index.digest, ['v1']))).toEqual({
      kind: 'source-incomplete',
      missing: [all.b.digest],
    });
    const lost = digestOf(all.a.layer);
    const source: Registry = {
      ...ports.source,
      openBlob: (at, call) =>
        at.digest === lost
          ? {
              // biome-ignore lint/correctness/useYield: it fails before its first piece
              async *[Symbol.asyncIterator]() {
                throw new LadingError('blob-unknown', 'gone');
              },
            }
          : ports.source.openBlob(at, call),
    };
    expect(await replicateImage({ ...ports, source }, request(all.a.digest, ['v1']))).toEqual({
      kind: 'source-incomplete',
      missing: [lost],
    });
    expect(await Array.fromAsync(ports.target.listTags(TO))).toEqual([]);
  });

  it('does not take a tag back that has moved on at the source', async () => {
    const ports = world();
    const first = await pushImage(ports.source, FROM, 'latest');
    const second = await pushImage(ports.source, FROM, 'latest');
    await replicateImage(ports, request(second.digest, ['latest']));
    const late = await replicateImage(ports, request(first.digest, ['latest']));
    expect(late).toMatchObject({ tags: [], tagsLeft: [{ tag: 'latest', why: 'moved-at-source' }] });
    expect((await ports.target.headManifest({ repository: TO, reference: 'latest' }))?.digest).toBe(second.digest);
  });

  it('leaves an immutable tag and says so', async () => {
    const ports = world();
    const image = await pushImage(ports.source, FROM, 'v1');
    const target: Registry = {
      ...ports.target,
      putManifest: async (to, call) => {
        if (to.reference === 'v1') throw new LadingError('tag-immutable', 'no');
        return ports.target.putManifest(to, call);
      },
    };
    expect(await replicateImage({ ...ports, target }, request(image.digest, ['v1']))).toMatchObject({
      tagsLeft: [{ tag: 'v1', why: 'immutable-at-target' }],
    });
  });

  it('attaches a referrer again that an earlier run put and did not list', async () => {
    const ports = world(false);
    const all = await pushAll(ports.source);
    await replicateImage(ports, request(all.index.digest));
    await ports.target.deleteTag({ repository: TO, tag: referrersTag(all.index.digest) });
    const listed = () => ports.target.listReferrers({ repository: TO, digest: all.index.digest });
    expect((await listed()).descriptors).toEqual([]);
    await replicateImage(ports, request(all.index.digest));
    expect((await listed()).descriptors.map((d) => d.digest)).toEqual([all.signature.digest]);
  });

  it('sets no tag when something that was pushed is not there afterwards', async () => {
    const ports = world();
    const image = await pushImage(ports.source, FROM, 'v1');
    const lost = digestOf(image.layer);
    let pushed = false;
    const target: Registry = {
      ...ports.target,
      putBlob: async (to, call) => {
        await ports.target.putBlob(to, call);
        pushed ||= to.digest === lost;
      },
      headBlob: async (at, call) => (pushed && at.digest === lost ? undefined : ports.target.headBlob(at, call)),
    };
    const work = replicateImage({ ...ports, target }, request(image.digest, ['v1']));
    await expect(work).rejects.toMatchObject({ code: 'replica-incomplete', retryable: true });
    expect(await Array.fromAsync(ports.target.listTags(TO))).toEqual([]);
  });

  it('copies nothing that is not what its digest says', async () => {
    const ports = world();
    const image = await pushImage(ports.source, FROM, 'v1');
    const forged = digestOf(image.layer);
    const source: Registry = {
      ...ports.source,
      openBlob: (at, call) =>
        at.digest === forged
          ? {
              async *[Symbol.asyncIterator]() {
                yield randomBytes(image.layer.length);
              },
            }
          : ports.source.openBlob(at, call),
    };
    expect(await codeOf(replicateImage({ ...ports, source }, request(image.digest, ['v1'])))).toBe('digest-mismatch');
    expect(await ports.target.headBlob({ repository: TO, digest: forged })).toBeUndefined();
    expect(await Array.fromAsync(ports.target.listTags(TO))).toEqual([]);
  });

  it('does not fetch layers that their maker keeps at home', async () => {
    const ports = world();
    const config = Buffer.from('{"os":"windows","architecture":"amd64"}');
    const digest = digestOf(config);
    await ports.source.putBlob({ repository: FROM, digest, size: config.length, content: config });
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_IMAGE_MANIFEST,
        config: { mediaType: OCI_IMAGE_CONFIG, digest, size: config.length },
        layers: [
          {
            mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
            digest: digestOf('base'),
            size: 4,
            urls: ['http://169.254.169.254/latest/meta-data/'],
          },
        ],
      }),
    );
    await ports.source.putManifest({ repository: FROM, reference: 'win', mediaType: OCI_IMAGE_MANIFEST, bytes });
    const result = await replicateImage(ports, request(digestOf(bytes), ['win']));
    expect(result).toMatchObject({ kind: 'replicated', blobsCopied: 1, blobsSkipped: 1, tags: ['win'] });
    expect(await checkReplica(ports, request(digestOf(bytes), ['win']))).toEqual({ kind: 'equal' });
  });

  it('goes on where a crash stopped it, wherever that was, and never shows a tag of half an image', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 30 }), { maxLength: 5 }), fc.boolean(), async (crashes, api) => {
        const ports = world(api);
        const all = await pushAll(ports.source);
        let moved = 0;
        for (const after of [...crashes, Number.POSITIVE_INFINITY]) {
          const target = crashing(ports.target, after);
          const done = await replicateImage({ ...ports, target }, request(all.index.digest, ['v1'])).catch(
            () => undefined,
          );
          if (done?.kind === 'replicated') moved = done.bytesMoved;
          const tag = await ports.target.headManifest({ repository: TO, reference: 'v1' });
          if (tag !== undefined) expect(await checkReplica(ports, request(tag.digest))).toEqual({ kind: 'equal' });
        }
        expect(moved).toBeLessThanOrEqual(all.bytes);
        expect(await checkReplica(ports, request(all.index.digest, ['v1']))).toEqual({ kind: 'equal' });
        const graph = await walkClosedGraph(ports.target, { repository: TO, digest: all.index.digest });
        expect(graph?.nodes).toHaveLength(6);
      }),
      { numRuns: 60 },
    );
  });

  it('holds no layer in memory', async () => {
    const piece = randomBytes(64 * 1024);
    const count = 2_000;
    const hash = createHash('sha256');
    for (let i = 0; i < count; i++) hash.update(piece);
    const digest: Digest = `sha256:${hash.digest('hex')}`;
    const size = piece.length * count;
    let ahead = 0;
    let most = 0;
    const ports = world();
    const image = await pushImage(ports.source, FROM, 'v1');
    const manifest = JSON.parse(Buffer.from(image.bytes).toString());
    manifest.layers[0] = { ...manifest.layers[0], digest, size };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const source: Registry = {
      ...ports.source,
      getManifest: async (at) =>
        at.reference === digestOf(bytes) ? { digest: digestOf(bytes), mediaType: image.mediaType, bytes } : undefined,
      openBlob: (at, call) =>
        at.digest !== digest
          ? ports.source.openBlob(at, call)
          : {
              async *[Symbol.asyncIterator]() {
                for (let i = 0; i < count; i++) {
                  most = Math.max(most, ++ahead);
                  yield piece;
                }
              },
            },
    };
    const target: Registry = {
      ...ports.target,
      putBlob: async (to, call) => {
        if (to.digest !== digest) return ports.target.putBlob(to, call);
        if (typeof to.content !== 'function') throw new Error('the content cannot be read again');
        for await (const _ of to.content()) ahead--;
      },
      headBlob: async (at, call) =>
        at.digest === digest && ahead === 0 && most > 0 ? { size } : ports.target.headBlob(at, call),
      putManifest: async () => ({ digest: digestOf(bytes) }),
      headManifest: async () => ({ digest: digestOf(bytes), mediaType: image.mediaType, size: bytes.length }),
    };
    await replicateImage({ ...ports, source, target }, request(digestOf(bytes)));
    expect(most).toBe(1);
  });
});

/** Fails at the n-th write and after: half of the time before it is done, half of the time after. */
function crashing(registry: Registry, after: number): Registry {
  let writes = 0;
  const dying =
    <To, Call, Result>(write: (to: To, call?: Call) => Promise<Result>) =>
    async (to: To, call?: Call): Promise<Result> => {
      const n = writes++;
      if (n > after || (n === after && n % 2 === 0)) throw new LadingError('crash', 'before');
      const result = await write(to, call);
      if (n === after) throw new LadingError('crash', 'after');
      return result;
    };
  return {
    ...registry,
    putBlob: dying(registry.putBlob),
    putManifest: dying(registry.putManifest),
    attachReferrer: dying(registry.attachReferrer),
    mountBlob: dying(registry.mountBlob),
  };
}

describe('a look at a replica', () => {
  const replicated = async () => {
    const ports = world();
    const all = await pushAll(ports.source);
    await replicateImage(ports, request(all.index.digest, ['v1']));
    return { ports, all, check: () => checkReplica(ports, request(all.index.digest, ['v1'])) };
  };

  it('finds nothing to say of an equal one', async () => {
    expect(await (await replicated()).check()).toEqual({ kind: 'equal' });
  });

  it('finds the source gone', async () => {
    const { ports, all, check } = await replicated();
    await ports.source.deleteManifest({ repository: FROM, digest: all.index.digest });
    expect(await check()).toEqual({ kind: 'source-missing' });
  });

  it('finds it missing', async () => {
    const { ports, all, check } = await replicated();
    await ports.target.deleteManifest({ repository: TO, digest: all.index.digest });
    expect(await check()).toMatchObject({ kind: 'missing' });
  });

  it.each(['a', 'signature', 'old'] as const)('finds a part missing: %s', async (part) => {
    const { ports, all, check } = await replicated();
    await ports.target.deleteManifest({ repository: TO, digest: all[part].digest });
    expect(await check()).toMatchObject({ kind: 'diverged', difference: 'incomplete' });
  });

  it('finds a tag moved', async () => {
    const { ports, check } = await replicated();
    await pushImage(ports.target, TO, 'v1');
    expect(await check()).toMatchObject({ kind: 'diverged', difference: 'tag-moved' });
  });

  it('finds a blob of another size', async () => {
    const { ports, all } = await replicated();
    const target: Registry = {
      ...ports.target,
      headBlob: async (at, call) =>
        at.digest === digestOf(all.a.layer) ? { size: 1 } : ports.target.headBlob(at, call),
    };
    const check = await checkReplica({ ...ports, target }, request(all.index.digest));
    expect(check).toMatchObject({ kind: 'diverged', difference: 'corrupted' });
  });

  it('finds a referrer that the source does not have', async () => {
    const { ports, all, check } = await replicated();
    const { mediaType, digest, size } = all.index;
    const extra = createArtifactManifest({
      artifactType: 'application/vnd.foreign',
      layers: [],
      subject: { mediaType, digest, size },
    });
    await ports.target.attachReferrer({ repository: TO, ...extra });
    expect(await check()).toMatchObject({ kind: 'diverged', difference: 'extra' });
  });

  it('finds a referrer that is there and not listed', async () => {
    const { ports, all } = await replicated();
    const target: Registry = {
      ...ports.target,
      listReferrers: async () => ({ descriptors: [], complete: true, via: 'api' }),
    };
    const check = await checkReplica({ ...ports, target }, request(all.index.digest));
    expect(check).toMatchObject({ kind: 'diverged', difference: 'incomplete' });
  });
});

describe('a tag that is moved by compare-and-set', () => {
  const moving = async (conflict: 'newest' | 'report') => {
    const ports = world();
    const first = await pushImage(ports.source, FROM, 'latest');
    await replicateImage(ports, { ...request(first.digest, ['latest']), conflict });
    const second = await pushImage(ports.source, FROM, 'latest');
    const on = async () => (await ports.target.headManifest({ repository: TO, reference: 'latest' }))?.digest;
    const copy = (target = ports.target) =>
      replicateImage({ ...ports, target }, { ...request(second.digest, ['latest']), conflict });
    return { ports, first, second, on, copy };
  };

  it.each(['newest', 'report'] as const)('goes on where a worker died in the middle of it (%s)', async (conflict) => {
    const { ports, first, second, on, copy } = await moving(conflict);
    const dying: Registry = {
      ...ports.target,
      putManifest: async (to, call) => {
        if (to.reference === 'latest') throw new LadingError('crash', 'before the tag');
        return ports.target.putManifest(to, call);
      },
    };
    expect(await codeOf(copy(dying))).toBe('crash');
    expect(await on()).toBe(first.digest);
    expect(await copy()).toMatchObject({ tags: ['latest'], tagsLeft: [] });
    expect(await on()).toBe(second.digest);
  });

  it('is left where both sides moved it and people are to decide', async () => {
    const { ports, on, copy } = await moving('report');
    const theirs = await pushImage(ports.target, TO, 'latest');
    expect(await copy()).toMatchObject({ tags: [], tagsLeft: [{ tag: 'latest', why: 'conflict' }] });
    expect(await on()).toBe(theirs.digest);
  });

  it('is not taken back by a worker that was overtaken while it stood still', async () => {
    const { ports, second, on, copy } = await moving('newest');
    const third = await pushImage(ports.source, FROM, 'other');
    const slow: Registry = {
      ...ports.target,
      putManifest: async (to, call) => {
        if (to.reference !== 'latest') return ports.target.putManifest(to, call);
        // Meanwhile the source moves on, and another worker brings that.
        const found = await ports.source.getManifest({ repository: FROM, reference: third.digest });
        if (found) await ports.source.putManifest({ repository: FROM, reference: 'latest', ...found });
        await replicateImage(ports, request(third.digest, ['latest']));
        return ports.target.putManifest(to, call);
      },
    };
    expect(await codeOf(copy(slow))).toBe('tag-contested');
    expect(await on()).toBe(third.digest);
    expect(second.digest).not.toBe(third.digest);
  });
});
