import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  memoryCryptoInventory,
  memoryMaterials,
  memoryStatements,
  memoryVerdictBoard,
} from '../../../lib/attestation/adapters/memory.ts';
import { type AttestPorts, attestImage } from '../../../lib/attestation/index.ts';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { type ImageSubject, imageAttested } from '../../../lib/events/index.ts';
import { parseStatement } from '../../../lib/formats/intoto/index.ts';
import { createArtifactManifest, EMPTY_BLOB, parseManifest } from '../../../lib/formats/oci/index.ts';
import { parseSigstoreBundle } from '../../../lib/formats/sigstore-bundle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { memorySubjectLocks } from '../../../lib/registry/adapters/subject-locks.ts';
import { collectContent, type Registry } from '../../../lib/registry/index.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { type SignatureStore, signImage } from '../../../lib/signing/index.ts';
import { pushImage } from '../signing/support.ts';
import { classicSigner, NOW, scanned, trustOf, verdictOf } from './support.ts';

const REPOSITORY = 'team/app';

/** Digests of small images that one tag can be moved between. */
async function pushMany(registry: Registry, count: number): Promise<readonly Digest[]> {
  const digests: Digest[] = [];
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository: REPOSITORY, digest, size, content: EMPTY_BLOB.bytes });
  for (let i = 0; i < count; i++) {
    const manifest = createArtifactManifest({
      artifactType: 'application/vnd.example',
      layers: [],
      annotations: { i: `${i}` },
    });
    await registry.putManifest({
      repository: REPOSITORY,
      reference: manifest.digest,
      mediaType: manifest.mediaType,
      bytes: manifest.bytes,
    });
    digests.push(manifest.digest);
  }
  return digests;
}

/** The registry, where somebody moves the tag before and after every call. */
function withMovingTag(registry: Registry, digests: readonly Digest[]) {
  let moves = 0;
  const move = async (): Promise<void> => {
    const digest = digests[(moves * 7919) % digests.length] as Digest;
    const found = await registry.getManifest({ repository: REPOSITORY, reference: digest });
    if (!found) throw new Error('an image is gone');
    moves++;
    await registry.putManifest({
      repository: REPOSITORY,
      reference: 'latest',
      mediaType: found.mediaType,
      bytes: found.bytes,
    });
  };
  const around =
    <Args extends unknown[], R>(call: (...args: Args) => Promise<R>) =>
    async (...args: Args): Promise<R> => {
      await move();
      const result = await call(...args);
      await move();
      return result;
    };
  const moving: Registry = {
    ...registry,
    getManifest: around(registry.getManifest),
    headManifest: around(registry.headManifest),
    putBlob: around(registry.putBlob),
    putManifest: around(registry.putManifest),
    attachReferrer: around(registry.attachReferrer),
  };
  return { moving, moves: () => moves };
}

async function bundlesOf(registry: Registry, digest: Digest) {
  const { descriptors } = await registry.listReferrers({ repository: REPOSITORY, digest }, { limit: 100 });
  return Promise.all(
    descriptors.map(async (descriptor) => {
      const fetched = await registry.getManifest({ repository: REPOSITORY, reference: descriptor.digest });
      const manifest = parseManifest(fetched?.bytes ?? new Uint8Array());
      const [layer] = manifest.kind === 'index' ? [] : manifest.layers;
      const bytes = await collectContent(
        registry.openBlob({ repository: REPOSITORY, digest: layer?.digest ?? digest }),
        1 << 22,
      );
      const { content } = parseSigstoreBundle(bytes);
      if (content.kind !== 'dsse') throw new Error('no envelope');
      return { manifest, statement: parseStatement(content.envelope.payload) };
    }),
  );
}

function attestPorts(registry: Registry, signatures: SignatureStore, signer = classicSigner()) {
  const documents = memoryDocuments();
  const ports: AttestPorts = {
    signers: [signer],
    statements: memoryStatements(),
    signatures,
    board: memoryVerdictBoard(),
    crypto: memoryCryptoInventory(),
    sources: {
      documents,
      materials: memoryMaterials(),
      advisories: { snapshot: async () => undefined },
      spdxOf: async () => undefined,
    },
    builtHow: async () => ({ levels: [] }),
    registry,
    locks: memorySubjectLocks(),
    clock: manualClock(NOW),
  };
  return { ports, documents, signer };
}

describe('10,000 moves of a tag while images are signed and attested', () => {
  it('change nothing: the subject of every statement is the digest of the event', async () => {
    const registry = createMemoryRegistry();
    const digests = await pushMany(registry, 360);
    const { moving, moves } = withMovingTag(registry, digests);
    const store = memorySignatures();
    const { ports, documents, signer } = attestPorts(moving, store);
    for (const digest of digests) {
      const subject: ImageSubject = {
        registry: registry.host,
        repository: REPOSITORY,
        digest,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        tags: ['latest'],
      };
      const signing = { signer, store, registry: moving, clock: ports.clock };
      await signImage(signing, { subject, decision: 'allow' });
      const verdict = verdictOf(subject, await scanned(documents, digest));
      await attestImage(ports, { subject, verdict, version: 'v1' }, trustOf());
    }
    expect(moves()).toBeGreaterThanOrEqual(10_000);
    for (const digest of digests) {
      const bundles = await bundlesOf(registry, digest);
      expect(bundles).toHaveLength(4);
      for (const { manifest, statement } of bundles) {
        expect(manifest.subject?.digest).toBe(digest);
        expect(statement.subject.map((one) => one.digest.get('sha256'))).toEqual([digest.slice(7)]);
      }
    }
  });
});

/** Fails at calls that the numbers choose: before the call had its effect, or after. */
function crashing<T extends object>(
  target: T,
  methods: readonly (keyof T)[],
  next: () => 'before' | 'after' | 'no',
): T {
  const wrapped = { ...target };
  for (const method of methods) {
    const call = target[method] as (...args: unknown[]) => Promise<unknown>;
    Object.assign(wrapped, {
      [method]: async (...args: unknown[]) => {
        const crash = next();
        if (crash === 'before') throw new Error('crashed before');
        const result = await call(...args);
        if (crash === 'after') throw new Error('crashed after');
        return result;
      },
    });
  }
  return wrapped;
}

describe('100 doubled and crashing events about one image', () => {
  it('leave one signature and one of each statement, and every push was of the same bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat(9)), async (stream) => {
        const next = (): 'before' | 'after' | 'no' => {
          const { value } = stream.next();
          return value === 0 ? 'before' : value === 1 ? 'after' : 'no';
        };
        const registry = createMemoryRegistry();
        const location = await pushImage(registry, REPOSITORY);
        const subject = { ...location, mediaType: 'application/vnd.oci.image.manifest.v1+json', tags: [] };
        const pushed = new Set<Digest>();
        const watched: Registry = {
          ...registry,
          attachReferrer: async (to, options) => {
            pushed.add(digestOf(to.bytes));
            return registry.attachReferrer(to, options);
          },
        };
        const store = memorySignatures();
        const flaky = crashing(watched, ['getManifest', 'putBlob', 'attachReferrer'], next);
        const flakyStore = crashing(store, ['get', 'record'], next);
        const { ports, documents, signer } = attestPorts(flaky, store);
        const flakyPorts: AttestPorts = {
          ...ports,
          statements: crashing(ports.statements, ['find', 'record'], next),
          board: crashing(ports.board, ['find', 'stand'], next),
        };
        const verdict = verdictOf(subject, await scanned(documents, subject.digest));
        const handle = async (): Promise<unknown> => {
          await signImage(
            { signer, store: flakyStore, registry: flaky, clock: ports.clock },
            { subject, decision: 'allow' },
          );
          return attestImage(flakyPorts, { subject, verdict, version: 'v1' }, trustOf());
        };
        for (let round = 0; round < 10; round++) {
          await Promise.allSettled(Array.from({ length: 10 }, handle));
        }
        // However unlucky the numbers: a last delivery that nothing disturbs.
        const calm = { signer, store, registry: watched, clock: ports.clock };
        await signImage(calm, { subject, decision: 'allow' });
        const last = await attestImage({ ...ports, registry: watched }, { subject, verdict, version: 'v1' }, trustOf());
        const { descriptors } = await registry.listReferrers(
          { repository: REPOSITORY, digest: subject.digest },
          { limit: 500 },
        );
        expect({ referrers: descriptors.length, pushed: pushed.size }).toEqual({ referrers: 4, pushed: 4 });
        expect(last.kind === 'attested' && imageAttested.data.parse(last.event.data).subject).toMatchObject(location);
        expect((await ports.board.find(location))?.state).toBe('standing');
      }),
      { numRuns: 8 },
    );
  });
});
