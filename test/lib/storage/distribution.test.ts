import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestHex, digestOf } from '../../../lib/core/digest.ts';
import { openDistributionFolder } from '../../../lib/storage/adapters/distribution-folder.ts';
import { type CollectOptions, collectDistribution, UPLOAD_TTL_MS } from '../../../lib/storage/index.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 24);
const OCI = 'application/vnd.oci.image';
const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

/** Writes a storage as distribution does (its `storagedriver` layout 2), with files of a chosen age. */
async function makeStorage() {
  const folder = await mkdtemp(join(tmpdir(), 'distribution-'));
  folders.push(folder);
  const root = join(folder, 'docker', 'registry', 'v2');
  await mkdir(join(root, 'blobs'), { recursive: true });
  await mkdir(join(root, 'repositories'), { recursive: true });
  const write = async (parts: readonly string[], content: string, hours: number): Promise<void> => {
    const file = join(root, ...parts);
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(file, content);
    const time = new Date(NOW - hours * HOUR);
    await utimes(file, time, time);
  };
  const dataOf = (digest: Digest) => ['blobs', 'sha256', digestHex(digest).slice(0, 2), digestHex(digest), 'data'];
  const content = async (text: string, hours = 100): Promise<Digest> => {
    const digest = digestOf(text);
    await write(dataOf(digest), text, hours);
    return digest;
  };
  const blob = async (repository: string, text: string, hours = 100): Promise<Digest> => {
    const digest = await content(text, hours);
    await write(['repositories', repository, '_layers', 'sha256', digestHex(digest), 'link'], digest, hours);
    return digest;
  };
  const manifest = async (repository: string, body: object, tags: readonly string[] = [], hours = 100) => {
    const digest = await content(JSON.stringify(body), hours);
    const base = ['repositories', repository, '_manifests'];
    await write([...base, 'revisions', 'sha256', digestHex(digest), 'link'], digest, hours);
    for (const tag of tags) {
      await write([...base, 'tags', tag, 'current', 'link'], digest, hours);
      await write([...base, 'tags', tag, 'index', 'sha256', digestHex(digest), 'link'], digest, hours);
    }
    return digest;
  };
  const descriptor = (digest: Digest, type: string) => ({ mediaType: type, digest, size: 1 });
  const imageBody = (config: Digest, layers: readonly Digest[], more: object = {}) => ({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: descriptor(config, `${OCI}.config.v1+json`),
    layers: layers.map((one) => descriptor(one, `${OCI}.layer.v1.tar`)),
    ...more,
  });
  const image = async (repository: string, name: string, tags: readonly string[] = [], more: object = {}) => {
    const config = await blob(repository, `config ${name}`);
    const layers = [await blob(repository, `layer ${name}`), await blob(repository, 'base')];
    return { digest: await manifest(repository, imageBody(config, layers, more), tags), config, layers };
  };
  const index = (repository: string, children: readonly Digest[], tags: readonly string[] = []) =>
    manifest(
      repository,
      {
        schemaVersion: 2,
        mediaType: `${OCI}.index.v1+json`,
        manifests: children.map((one) => descriptor(one, `${OCI}.manifest.v1+json`)),
      },
      tags,
    );
  const has = (digest: Digest): Promise<boolean> =>
    stat(join(root, ...dataOf(digest))).then(
      () => true,
      () => false,
    );
  const hasRevision = (repository: string, digest: Digest): Promise<boolean> =>
    stat(join(root, 'repositories', repository, '_manifests', 'revisions', 'sha256', digestHex(digest), 'link')).then(
      () => true,
      () => false,
    );
  const bytes = async (): Promise<number> => {
    const files = await readdir(join(root, 'blobs'), { recursive: true, withFileTypes: true });
    const sizes = await Promise.all(
      files.filter((one) => one.isFile()).map(async (one) => (await stat(join(one.parentPath, one.name))).size),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  const collect = async (options: Partial<CollectOptions> = {}) =>
    collectDistribution(await openDistributionFolder(folder), {
      ...{ dryRun: false, graceMs: HOUR, deleteUntagged: false, uploadTtlMs: UPLOAD_TTL_MS },
      settle: async () => undefined,
      clock: manualClock(new Date(NOW)),
      ...options,
    });
  return {
    folder,
    root,
    write,
    content,
    blob,
    manifest,
    image,
    imageBody,
    index,
    descriptor,
    has,
    hasRevision,
    bytes,
    collect,
    dataOf,
  };
}

describe('collecting a distribution registry', () => {
  it('frees exactly what nothing needs, as the dry run said, and keeps layers that another repository has', async () => {
    const storage = await makeStorage();
    const kept = await storage.image('team/app', 'kept', ['v1']);
    const loose = await storage.blob('team/app', 'nothing names this');
    const orphan = await storage.content('no repository links this');
    await storage.blob('other', 'base');
    const before = await storage.bytes();
    const dry = await storage.collect({ dryRun: true });
    expect(await storage.bytes()).toBe(before);
    const report = await storage.collect();
    expect(before - (await storage.bytes())).toBe(report.freed.bytes);
    expect(report.freed).toEqual(dry.freed);
    expect(new Set(report.freed.contents.map(({ digest }) => digest))).toEqual(new Set([loose, orphan]));
    for (const digest of [kept.digest, kept.config, ...kept.layers]) expect(await storage.has(digest)).toBe(true);
    // The link of "other" to the base went: no manifest of it names it.
    expect(report).toMatchObject({ repositories: 2, manifests: 1, tags: 1, layerLinks: 2, missing: [], reprieved: [] });
    expect(await storage.collect()).toMatchObject({ freed: { count: 0, bytes: 0 } });
  });

  it('keeps children of a tagged index and what refers to them, at any depth, where untagged manifests go', async () => {
    const storage = await makeStorage();
    const [amd, arm, gone] = [
      await storage.image('a', 'amd'),
      await storage.image('a', 'arm'),
      await storage.image('a', 'gone'),
    ];
    const index = await storage.index('a', [amd.digest, arm.digest], ['v1']);
    const about = (digest: Digest) => ({ subject: storage.descriptor(digest, `${OCI}.manifest.v1+json`) });
    const signature = await storage.image('a', 'signature', [], about(amd.digest));
    const ofSignature = await storage.image('a', 'of signature', [], about(signature.digest));
    const lonely = await storage.image('a', 'of gone', [], about(gone.digest));
    expect((await storage.collect()).untagged).toEqual([]);
    const report = await storage.collect({ deleteUntagged: true });
    expect(new Set(report.untagged.map(({ digest }) => digest))).toEqual(new Set([gone.digest, lonely.digest]));
    for (const { digest } of [amd, arm, signature, ofSignature, { digest: index }]) {
      expect(await storage.has(digest)).toBe(true);
      expect(await storage.hasRevision('a', digest)).toBe(true);
    }
    expect(await storage.has(gone.digest)).toBe(false);
    expect(await storage.hasRevision('a', gone.digest)).toBe(false);
    // A layer that all of them had stays.
    expect(await storage.has(digestOf('base'))).toBe(true);
  });

  it('spares what is young, and everything since the oldest push in progress began', async () => {
    const storage = await makeStorage();
    const young = await storage.blob('a', 'young', 0.5);
    const during = await storage.blob('a', 'pushed beside an upload', 5);
    const old = await storage.blob('a', 'old', 10);
    const upload = ['repositories', 'a', '_uploads', '0a1b'];
    await storage.write([...upload, 'startedat'], 'x', 6);
    await storage.write([...upload, 'data'], 'half a layer', 0.1);
    const report = await storage.collect();
    expect(report.young.count).toBe(2);
    expect(report.freed.contents.map(({ digest }) => digest)).toEqual([old]);
    expect([await storage.has(young), await storage.has(during)]).toEqual([true, true]);
    // An upload at which nothing moves for a week is given up, and holds nothing back.
    await storage.write([...upload, 'startedat'], 'x', 300);
    await storage.write([...upload, 'data'], 'half a layer', 200);
    expect(await storage.collect()).toMatchObject({ uploads: { count: 1, bytes: 12 }, freed: { count: 1 } });
    expect(await readdir(join(storage.root, 'repositories', 'a', '_uploads'))).toEqual([]);
  });

  it('puts back what a push came to need between the two looks', async () => {
    const storage = await makeStorage();
    const [config, layer] = [await storage.blob('a', 'config'), await storage.blob('a', 'layer')];
    const other = await storage.blob('a', 'goes');
    const settle = async () => {
      // The client had seen both blobs before they were hidden, so its manifest comes without them.
      expect(await storage.has(layer)).toBe(false);
      await storage.manifest('a', storage.imageBody(config, [layer]), ['late'], 0);
    };
    const report = await storage.collect({ settle });
    expect(new Set(report.reprieved)).toEqual(new Set([config, layer]));
    expect(report.freed.contents.map(({ digest }) => digest)).toEqual([other]);
    for (const digest of [config, layer]) {
      expect(await storage.has(digest)).toBe(true);
      const link = ['repositories', 'a', '_layers', 'sha256', digestHex(digest), 'link'];
      expect(await readFile(join(storage.root, ...link), 'utf8')).toBe(digest);
    }
    expect(await storage.collect()).toMatchObject({ missing: [], freed: { count: 0 } });
  });

  it('brings an index back whole, with signatures, when a tag comes to it between the two looks', async () => {
    const storage = await makeStorage();
    const child = await storage.image('a', 'child');
    const index = await storage.index('a', [child.digest]);
    const signature = await storage.image('a', 'sig', [], {
      subject: storage.descriptor(child.digest, `${OCI}.manifest.v1+json`),
    });
    const settle = () => storage.write(['repositories', 'a', '_manifests', 'tags', 'v1', 'current', 'link'], index, 0);
    const report = await storage.collect({ deleteUntagged: true, settle });
    expect(report.freed.count).toBe(0);
    for (const digest of [child.digest, index, signature.digest, signature.config]) {
      expect(await storage.has(digest)).toBe(true);
    }
    for (const digest of [child.digest, index, signature.digest])
      expect(await storage.hasRevision('a', digest)).toBe(true);
  });

  it('collects nothing where a manifest cannot be read, and too little of one that is of an unknown kind', async () => {
    const storage = await makeStorage();
    const layer = await storage.blob('a', 'layer of schema 1');
    await storage.manifest('a', {
      schemaVersion: 1,
      fsLayers: [{ blobSum: layer }],
      history: [{ v1Compatibility: '{}' }],
    });
    const odd = await storage.blob('a', 'named by an unknown kind');
    await storage.manifest('a', { kind: 'odd', deep: [{ [`x ${odd}`]: null }] });
    const loose = await storage.blob('a', 'loose');
    expect((await storage.collect()).freed.contents.map(({ digest }) => digest)).toEqual([loose]);
    const again = await storage.blob('a', 'loose');
    const broken = await storage.content('{"not": JSON');
    await storage.write(
      ['repositories', 'a', '_manifests', 'revisions', 'sha256', digestHex(broken), 'link'],
      broken,
      100,
    );
    await expect(storage.collect()).rejects.toMatchObject({ code: 'manifest-unreadable' });
    expect(await storage.has(again)).toBe(true);
  });

  it('goes on after a run that broke off, and follows no symbolic link', async () => {
    const storage = await makeStorage();
    const kept = await storage.image('a', 'kept', ['v1']);
    const hidden = await openDistributionFolder(storage.folder);
    expect(await hidden.condemn(kept.config)).toBe(true);
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    folders.push(outside);
    await writeFile(join(outside, 'data'), 'not ours');
    const trap = digestOf('trap');
    const path = join(storage.root, 'blobs', 'sha256', digestHex(trap).slice(0, 2));
    await mkdir(path, { recursive: true });
    await symlink(outside, join(path, digestHex(trap)));
    await symlink(outside, join(storage.root, 'repositories', 'elsewhere'));
    const report = await storage.collect();
    expect(report).toMatchObject({ freed: { count: 0 }, repositories: 1, missing: [] });
    expect(await storage.has(kept.config)).toBe(true);
    expect(await readFile(join(outside, 'data'), 'utf8')).toBe('not ours');
    // A content that was pushed again while it was hidden is the new one, and the hidden one goes.
    await hidden.condemn(kept.config);
    await storage.content('config kept', 0);
    await hidden.reprieve(kept.config);
    expect(await storage.has(kept.config)).toBe(true);
    expect(await hidden.execute(kept.config)).toBe(0);
  });

  it('names what was lost before, and refuses a folder that is none of a registry', async () => {
    const storage = await makeStorage();
    const image = await storage.image('a', 'x', ['v1']);
    await rm(join(storage.root, ...storage.dataOf(image.config)));
    expect((await storage.collect()).missing).toEqual([{ repository: 'a', digest: image.config }]);
    await expect(openDistributionFolder(tmpdir())).rejects.toMatchObject({ code: 'storage-unknown' });
    expect((await collectDistribution(await openDistributionFolder(storage.root), { ...options })).repositories).toBe(
      1,
    );
  });

  const options: CollectOptions = {
    ...{ dryRun: true, graceMs: HOUR, deleteUntagged: false, uploadTtlMs: UPLOAD_TTL_MS },
    settle: async () => undefined,
    clock: manualClock(new Date(NOW)),
  };

  it('never takes what a manifest needs, whatever is pushed, tagged and deleted between the two looks', async () => {
    const act = fc.oneof(
      fc.record({ do: fc.constant('image' as const), of: fc.nat(5), layers: fc.array(fc.nat(5), { maxLength: 3 }) }),
      fc.record({ do: fc.constant('index' as const), of: fc.nat(5), layers: fc.array(fc.nat(5), { maxLength: 2 }) }),
      fc.record({ do: fc.constant('tag' as const), of: fc.nat(5), layers: fc.constant([]) }),
      fc.record({ do: fc.constant('sign' as const), of: fc.nat(5), layers: fc.constant([]) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 10 }),
        fc.array(act, { maxLength: 4 }),
        fc.boolean(),
        async (before, meanwhile, deleteUntagged) => {
          const storage = await makeStorage();
          const made: Digest[] = [];
          for (let n = 0; n < 6; n++) await storage.blob('r', `blob ${n}`);
          const blobs = Array.from({ length: 6 }, (_, n) => digestOf(`blob ${n}`));
          const run = async (acts: typeof before, hours: number): Promise<void> => {
            for (const { do: what, of, layers } of acts) {
              const config = blobs[of] ?? digestOf('');
              const target = made[of];
              // A registry refuses manifests whose parts it does not see; what it saw may be hidden a moment later.
              if (what === 'image') {
                const used = layers.map((n) => blobs[n] ?? config);
                made.push(await storage.manifest('r', storage.imageBody(config, used), [], hours));
              } else if (what === 'index') {
                const children = layers.flatMap((n) => made[n] ?? []);
                const seen = await Promise.all(children.map((one) => storage.hasRevision('r', one)));
                if (hours > 0 || seen.every(Boolean)) made.push(await storage.index('r', children));
              } else if (target !== undefined && (await storage.hasRevision('r', target))) {
                if (what === 'tag') {
                  await storage.write(
                    ['repositories', 'r', '_manifests', 'tags', `t${of}`, 'current', 'link'],
                    target,
                    hours,
                  );
                } else {
                  const subject = storage.descriptor(target, `${OCI}.manifest.v1+json`);
                  made.push(await storage.manifest('r', storage.imageBody(config, [], { subject }), [], hours));
                }
              }
            }
          };
          await run(before, 100);
          const size = await storage.bytes();
          const dry = await storage.collect({ dryRun: true, deleteUntagged });
          let added = 0;
          const report = await storage.collect({
            deleteUntagged,
            settle: async () => {
              const start = await storage.bytes();
              await run(meanwhile, 0);
              added = (await storage.bytes()) - start;
            },
          });
          expect(size + added - (await storage.bytes())).toBe(report.freed.bytes);
          if (meanwhile.length === 0) expect(report.freed.bytes).toBe(dry.freed.bytes);
          // All that a manifest of the registry needs is there: nothing is missing, by a look of its own.
          expect((await storage.collect({ dryRun: true })).missing).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });
});
