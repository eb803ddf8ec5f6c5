import { generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentSnapshots } from '../../../lib/backup/adapters/document-snapshots.ts';
import { restoreSnapshot, runDrill, type StoredSnapshot, signDrill, takeSnapshot } from '../../../lib/backup/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { preAuthEncoding } from '../../../lib/formats/dsse/index.ts';
import {
  createArtifactManifest,
  type Descriptor,
  encodeManifest,
  OCI_IMAGE_CONFIG,
  OCI_IMAGE_INDEX,
  OCI_IMAGE_MANIFEST,
} from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { type Registry, registryError } from '../../../lib/registry/index.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

async function put(registry: Registry, repository: string, mediaType: string, bytes: Uint8Array, tag?: string) {
  const digest = digestOf(bytes);
  await registry.putManifest({ repository, reference: tag ?? digest, mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

async function blob(registry: Registry, repository: string, text: string): Promise<Descriptor> {
  const content = bytesOf(text);
  const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(content), size: content.length };
  await registry.putBlob({ repository, ...descriptor, content });
  return descriptor;
}

async function pushImage(registry: Registry, repository: string, layers: readonly string[], tag?: string) {
  const config = {
    ...(await blob(registry, repository, `{"of":${JSON.stringify(layers)}}`)),
    mediaType: OCI_IMAGE_CONFIG,
  };
  const descriptors: Descriptor[] = [];
  for (const layer of layers) descriptors.push(await blob(registry, repository, layer));
  const { bytes } = encodeManifest({ config, layers: descriptors });
  return put(registry, repository, OCI_IMAGE_MANIFEST, Buffer.from(bytes), tag);
}

async function attach(registry: Registry, repository: string, subject: Descriptor, text: string) {
  const layer = await blob(registry, repository, text);
  await blob(registry, repository, '{}');
  const { bytes } = createArtifactManifest({
    artifactType: 'application/x.sig',
    layers: [layer],
    subject,
    annotations: {},
  });
  const { digest } = await registry.attachReferrer({ repository, mediaType: OCI_IMAGE_MANIFEST, bytes });
  return digest;
}

async function pushIndex(registry: Registry, repository: string, manifests: readonly Descriptor[], tag?: string) {
  const bytes = bytesOf(JSON.stringify({ schemaVersion: 2, mediaType: OCI_IMAGE_INDEX, manifests }));
  return put(registry, repository, OCI_IMAGE_INDEX, bytes, tag);
}

const listed = async (registry: Registry): Promise<readonly string[]> => {
  const names: string[] = [];
  for await (const name of registry.listRepositories()) names.push(name);
  return names;
};

function setUp(source = createMemoryRegistry({ host: 'home.example:5000' })) {
  const clock = manualClock('2026-05-01T00:00:00Z');
  const documents = memoryDocuments();
  const vault = createMemoryRegistry({ host: 'vault' });
  const snapshots = documentSnapshots(documents);
  return {
    ...{ source, clock, vault, snapshots, documents },
    take: (untagged: readonly Digest[] = []) =>
      listed(source).then((names) =>
        takeSnapshot({ source, vault, snapshots, clock, untagged: async () => untagged }, names),
      ),
  };
}

/** A small registry with everything that there is: an index, referrers of three kinds, an untagged image. */
async function filled() {
  const all = setUp();
  const { source } = all;
  const one = await pushImage(source, 'team/app', ['base', 'one'], 'v1');
  const arm = await pushImage(source, 'team/app', ['base', 'arm']);
  const index = await pushIndex(source, 'team/app', [one, arm], 'multi');
  const signature = await attach(source, 'team/app', index, 'signature of the index');
  const child = await attach(source, 'team/app', arm, 'signature of a child');
  const nested = await attach(source, 'team/app', { ...one, digest: signature }, 'signature of the signature');
  const loose = await pushImage(source, 'team/app', ['loose']);
  const other = await pushImage(source, 'other', ['base', 'other'], 'latest');
  return { ...all, one, arm, index, signature, child, nested, loose, other };
}

const unsigned = async () => ({ kind: 'unsigned' as const, detail: 'nobody signed it' });
const drill = (
  vault: Registry,
  stored: StoredSnapshot,
  given: Partial<Parameters<typeof runDrill>[0] & Parameters<typeof runDrill>[2]> = {},
) => {
  const {
    target = createMemoryRegistry({ host: 'empty' }),
    clock = manualClock('2026-05-01T06:00:00Z'),
    judge = unsigned,
    ...request
  } = given;
  return runDrill({ vault, target, clock, judge }, stored, {
    repositories: ['**'],
    requireSignatures: false,
    ...request,
  });
};

/** A registry in which the content of one digest is not what it was. */
const damaged = (registry: Registry, digest: string): Registry => ({
  ...registry,
  async getManifest(at) {
    if (at.reference === digest) throw registryError('digest-mismatch', `the content of ${digest} has another digest`);
    return registry.getManifest(at);
  },
  async *openBlob(at, options) {
    if (at.digest === digest) throw registryError('digest-mismatch', `the content of ${digest} has another digest`);
    yield* registry.openBlob(at, options);
  },
});

describe('a backup', () => {
  it('is the whole of a registry, and comes back byte for byte', async () => {
    const { take, vault, loose } = await filled();
    const stored = await take([loose.digest]);
    expect(stored.key).toBe('snapshots/home.example:5000/2026-05-01T00:00:00.000Z.json');
    expect(stored.snapshot.repositories).toMatchObject([
      { name: 'other', tags: 1, manifests: 1, faults: [] },
      { name: 'team/app', tags: 2, manifests: 7, faults: [] },
    ]);
    const target = createMemoryRegistry({ host: 'empty' });
    const report = await restoreSnapshot({ vault, target }, stored.snapshot, { repositories: ['**'] });
    // The image v1 stands for itself and in the index.
    expect(report).toMatchObject({ repositories: 2, images: 4, tags: 3, faults: [], tagsLeft: [] });
    const after = setUp(target);
    const again = await after.take([loose.digest]);
    expect(again.snapshot.repositories.map(({ name, root, index }) => ({ name, root, index }))).toEqual(
      stored.snapshot.repositories.map(({ name, root, index }) => ({ name, root, index })),
    );
    const second = await restoreSnapshot({ vault, target }, stored.snapshot, { repositories: ['**'] });
    expect(second).toMatchObject({ bytesMoved: 0, tags: 0, faults: [] });
  });

  it('moves what is new, and stores what is the same once', async () => {
    const { source, vault, take } = await filled();
    const first = await take();
    const sent: string[] = [];
    const watched = {
      ...vault,
      async putBlob(to: Parameters<Registry['putBlob']>[0]) {
        await vault.putBlob(to);
        sent.push(to.digest);
      },
    };
    const again = setUp(source);
    const ports = { source, vault: watched, snapshots: again.snapshots, clock: again.clock };
    const same = await takeSnapshot(ports, ['other', 'team/app']);
    expect(same.snapshot.repositories).toEqual(first.snapshot.repositories);
    // The indexes of repositories alone are asked to be written, and are there.
    expect(new Set(sent)).toEqual(new Set(first.snapshot.repositories.map(({ index }) => index.digest)));
    sent.length = 0;
    await pushImage(source, 'other', ['base', 'new'], 'latest');
    await takeSnapshot(ports, ['other']);
    expect(sent).toContain(digestOf('new'));
    expect(sent).not.toContain(digestOf('base'));
  });

  it('is taken back for one image, or one repository', async () => {
    const { take, vault, one, index } = await filled();
    const { snapshot } = await take();
    const target = createMemoryRegistry({ host: 'empty' });
    const report = await restoreSnapshot({ vault, target }, snapshot, { repositories: ['team/*'], reference: 'v1' });
    expect(report).toMatchObject({ repositories: 1, images: 1, manifests: 1, tags: 1 });
    expect((await target.headManifest({ repository: 'team/app', reference: 'v1' }))?.digest).toBe(one.digest);
    expect(await target.headManifest({ repository: 'team/app', reference: index.digest })).toBeUndefined();
    const none = await restoreSnapshot({ vault, target }, snapshot, { repositories: ['team/*'], reference: 'v9' });
    expect(none).toMatchObject({ repositories: 0, images: 0 });
  });

  it('moves no tag that names something else by now', async () => {
    const { take, vault } = await filled();
    const { snapshot } = await take();
    const target = createMemoryRegistry({ host: 'live' });
    const newer = await pushImage(target, 'other', ['newer'], 'latest');
    const report = await restoreSnapshot({ vault, target }, snapshot, { repositories: ['other'] });
    expect(report.tagsLeft).toEqual([{ repository: 'other', tag: 'latest' }]);
    expect((await target.headManifest({ repository: 'other', reference: 'latest' }))?.digest).toBe(newer.digest);
  });

  it('names what it could not read, and has all the rest', async () => {
    const { source, one, index } = await filled();
    const broken = setUp(damaged(source, digestOf('one')));
    const { snapshot } = await broken.take();
    const [other, app] = snapshot.repositories;
    expect(app?.faults.map(({ digest }) => digest).sort()).toEqual([one.digest, index.digest].sort());
    expect(app?.faults[0]?.why).toContain(digestOf('one'));
    expect(other?.faults).toEqual([]);
    const unreadable: Registry = {
      ...source,
      listTags: (name, options) => {
        if (name === 'other') throw registryError('registry-denied', 'you may not');
        return source.listTags(name, options);
      },
    };
    const second = await setUp(unreadable).take();
    expect(second.snapshot.unread).toEqual([{ name: 'other', why: 'you may not' }]);
    const report = await drill(createMemoryRegistry(), second);
    expect(report.faults).toContainEqual({ repository: 'other', part: 'other', why: 'not in the backup: you may not' });
  });

  it('comes back whole, whatever graph of images it was', async () => {
    const step = fc.record({
      kind: fc.constantFrom('image', 'index', 'referrer'),
      layers: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 3 }),
      of: fc.nat(20),
      tag: fc.option(fc.constantFrom('t1', 't2', 't3', 't4'), { nil: undefined }),
      repository: fc.constantFrom('x', 'y/z'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const { source, take, vault } = setUp();
        const made: Record<string, Descriptor[]> = { x: [], 'y/z': [] };
        for (const [i, { kind, layers, of, tag, repository }] of steps.entries()) {
          const known = made[repository] as Descriptor[];
          const some = known.length === 0 ? undefined : known[of % known.length];
          if (kind === 'referrer' && some) await attach(source, repository, some, `about ${i}`);
          else if (kind === 'index' && some) known.push(await pushIndex(source, repository, [some], tag));
          else known.push(await pushImage(source, repository, [...layers, String(i)], tag ?? `only-${i}`));
        }
        const stored = await take();
        const report = await drill(vault, stored);
        // Indexes in indexes go three deep at most: such a one is told as what it is, and nothing else is.
        const tooDeep = report.faults.filter(({ why }) => !/not in the backup/.test(why));
        expect(tooDeep).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a drill', () => {
  it('shows that all of it comes back, from when and how soon', async () => {
    const { take, vault } = await filled();
    const stored = await take();
    const clock = manualClock('2026-05-01T06:00:00Z');
    const report = await drill(vault, stored, { clock, onProgress: () => undefined });
    expect(report).toMatchObject({
      passed: true,
      recoveryPointSeconds: 6 * 3600,
      recoveryTimeSeconds: 0,
      checked: { manifests: 7 },
      signatures: { verified: 0, unsigned: 3, refused: 0 },
      canary: { image: 'other:latest' },
      faults: [],
    });
    expect(await drill(vault, stored, { requireSignatures: true })).toMatchObject({ passed: false });
  });

  it('fails for one damaged referrer, and names it', async () => {
    const { take, vault, signature } = await filled();
    const stored = await take();
    const report = await drill(damaged(vault, signature), stored);
    expect(report.passed).toBe(false);
    expect(report.faults).toContainEqual({
      repository: 'team/app',
      part: signature,
      why: `the content of ${signature} has another digest`,
    });
    const blobReport = await drill(damaged(vault, digestOf('signature of a child')), stored);
    expect(JSON.stringify(blobReport.faults)).toContain(digestOf('signature of a child'));
  });

  it.each(['tag', 'manifest', 'index'])('finds a %s that is not what the snapshot says', async (what) => {
    const { take, vault, one, snapshots, documents } = await filled();
    const stored = await take();
    const target = createMemoryRegistry({ host: 'empty' });
    if (what === 'tag') {
      await pushImage(target, 'team/app', ['someone else was here'], 'v1');
      const { faults } = await drill(vault, stored, { target });
      expect(faults).toContainEqual(
        expect.objectContaining({ part: 'v1', why: expect.stringContaining('instead of') }),
      );
    } else if (what === 'manifest') {
      const forgetful = {
        ...target,
        getManifest: async (at: { repository: string; reference: string }) =>
          at.reference === one.digest ? undefined : target.getManifest(at),
      };
      const { faults } = await drill(vault, stored, { target: forgetful });
      expect(faults).toContainEqual({ repository: 'team/app', part: one.digest, why: 'it is not there' });
    } else {
      const [app] = stored.snapshot.repositories;
      const { faults } = await drill(damaged(vault, String(app?.index.digest)), stored);
      expect(faults).toContainEqual(expect.objectContaining({ part: app?.index.digest }));
      await documents.put(stored.key, bytesOf('{"version":1}'));
      await expect(snapshots.load(stored.key)).rejects.toMatchObject({ code: 'snapshot-damaged' });
      await expect(snapshots.load('snapshots/none')).rejects.toMatchObject({ code: 'snapshot-unknown' });
    }
  });

  it('refuses an image whose signature is not good, and says of an empty wish that it is empty', async () => {
    const { take, vault } = await filled();
    const stored = await take();
    const judge = async () => ({ kind: 'refused' as const, detail: 'by a key that nobody trusts' });
    const report = await drill(vault, stored, { judge });
    expect(report.faults.map(({ why }) => why)).toContain('its signature: by a key that nobody trusts');
    expect(await drill(vault, stored, { repositories: ['none'] })).toMatchObject({ passed: false });
  });

  it('is said in a statement that verifies with the key', async () => {
    const { take, vault } = await filled();
    const stored = await take();
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signer = localSigner(privateKey);
    const bundle = await signDrill(signer, await drill(vault, stored));
    const { dsseEnvelope } = JSON.parse(Buffer.from(bundle).toString());
    const payload = Buffer.from(dsseEnvelope.payload, 'base64');
    const signature = Buffer.from(dsseEnvelope.signatures[0].sig, 'base64');
    expect(verify('sha256', preAuthEncoding(dsseEnvelope.payloadType, payload), publicKey, signature)).toBe(true);
    expect(JSON.parse(payload.toString())).toMatchObject({
      subject: [{ name: stored.key, digest: { sha256: stored.digest.slice(7) } }],
      predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
      predicate: { result: 'PASSED', failedTests: [], recovery: { recoveryPointSeconds: 21_600 } },
    });
  });
});
