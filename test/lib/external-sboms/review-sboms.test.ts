import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestHex, digestOf } from '../../../lib/core/digest.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import type { EventDraft, ImageSubject } from '../../../lib/events/index.ts';
import { documentExternalSboms } from '../../../lib/external-sboms/adapters/document-external-sboms.ts';
import { documentQuality } from '../../../lib/external-sboms/adapters/document-quality.ts';
import { judgeImage, reviewSboms, reviewUpload, takeInSbom, toTrust } from '../../../lib/external-sboms/index.ts';
import { createArtifactManifest, type Descriptor, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { documentInventoryStore } from '../../../lib/sbom/adapters/document-inventory-store.ts';
import { documentSbomStore } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { registryImageSource } from '../../../lib/sbom/adapters/registry-image-source.ts';
import { createSbom, parseSbomForm, writeSbom } from '../../../lib/sbom/index.ts';
import { createAttestation, pushRecorded } from '../../../lib/signing/index.ts';
import { pushBuilt, pushIndex } from '../../support/push-images.ts';
import { apkDatabase, type BuiltImage, buildImage, osRelease } from '../sbom/image-builder.ts';
import { newKey } from '../signing/support.ts';

const repository = 'app';
const image = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'], ['zlib', '1.3-r0'])]]);
const when = '2026-01-01T00:00:00.000Z';
let occasions = 0;
const now = () => ({ cause: `event ${++occasions}`, occurredAt: when });

/** A CycloneDX document as some tool may write it. */
const bom = (packages: Readonly<Record<string, string>>, tool = 'syft'): string =>
  JSON.stringify({
    ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 },
    metadata: { tools: { components: [{ type: 'application', name: tool, version: '1.0' }] } },
    components: Object.entries(packages).map(([name, version]) => ({
      ...{ type: 'library', name, version, purl: `pkg:apk/alpine/${name}@${version}?distro=alpine-3.20.3` },
    })),
  });
const same = { musl: '1.2.5-r0', zlib: '1.3-r0' };

async function setUp() {
  const registry = createMemoryRegistry();
  const digest = await pushBuilt(registry, repository, image, 'v1');
  const store = memoryDocuments();
  const clock = manualClock();
  const ports = {
    registry,
    externals: documentExternalSboms(store),
    own: documentSbomStore(store),
    trust: toTrust({ trustedKeys: [] }),
    clock,
  };
  const inventories = documentInventoryStore(store);
  const source = registryImageSource(registry, repository);
  const make = (of: Digest = digest) => createSbom({ image: of }, { source, inventories, sboms: ports.own, clock });
  const subject: ImageSubject = {
    ...{ registry: registry.host, repository, digest, mediaType: image.descriptor.mediaType, tags: ['v1'] },
  };
  return { ports, registry, subject, make, store, inventories };
}

async function put(registry: Registry, content: Uint8Array): Promise<void> {
  await registry.putBlob({ repository, digest: digestOf(content), size: content.length, content });
}

async function attachReferrer(registry: Registry, type: string, text: string, subject: Descriptor = image.descriptor) {
  const content = Buffer.from(text);
  const layer = { mediaType: type, digest: digestOf(content), size: content.length };
  const manifest = createArtifactManifest({ artifactType: type, layers: [layer], subject });
  await put(registry, EMPTY_BLOB.bytes);
  await put(registry, content);
  await registry.attachReferrer({ repository, mediaType: manifest.mediaType, bytes: manifest.bytes });
}

/** As BuildKit does: an image manifest of statements, and an entry of the index that says what they are about. */
async function buildkitEntry(registry: Registry, about: BuiltImage, predicate: unknown, subject = about) {
  const predicateType = 'https://spdx.dev/Document';
  const sha256 = digestHex(subject.descriptor.digest);
  const statement = Buffer.from(
    JSON.stringify({
      ...{ _type: 'https://in-toto.io/Statement/v0.1', predicateType, predicate },
      subject: [{ name: 'pkg:docker/app', digest: { sha256 } }],
    }),
  );
  const config = Buffer.from('{"os":"unknown","architecture":"unknown"}');
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const bytes = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType },
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
      layers: [
        {
          ...{ mediaType: 'application/vnd.in-toto+json', digest: digestOf(statement), size: statement.length },
          annotations: { 'in-toto.io/predicate-type': predicateType },
        },
      ],
    }),
  );
  for (const content of [config, statement]) await put(registry, content);
  await registry.putManifest({ repository, reference: digestOf(bytes), mediaType, bytes });
  return {
    ...{ mediaType, digest: digestOf(bytes), size: bytes.length },
    platform: { os: 'unknown', architecture: 'unknown' },
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': about.descriptor.digest,
    },
  } satisfies Descriptor;
}

const told = (events: readonly EventDraft[]) => events.map(({ detailType }) => detailType);
const dataOf = (events: readonly EventDraft[], type: string) =>
  events.find(({ detailType }) => detailType === type)?.data as never;

describe('SBOMs of others', () => {
  it('are found as referrers, kept with what made them, and compared', async () => {
    const { ports, registry, subject, make } = await setUp();
    await make();
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', bom({ musl: '1.2.4-r9', curl: '8.9' }));
    const { events } = await reviewSboms(ports, subject, now());
    expect(told(events)).toEqual(['SBOM Received', 'SBOM Disagreed']);
    expect(dataOf(events, 'SBOM Disagreed')).toMatchObject({
      subject: { digest: subject.digest },
      other: { origin: 'referrer', standing: 'unsigned', tool: 'syft 1.0', format: 'cyclonedx-json' },
      same: 0,
      onlyOurs: { count: 1, named: [{ type: 'apk', name: 'zlib', version: '1.3-r0' }] },
      onlyTheirs: { count: 1, named: [{ name: 'curl' }] },
      otherVersions: { count: 1, named: [{ name: 'musl', ours: ['1.2.5-r0'], theirs: ['1.2.4-r9'] }] },
    });
    const [kept] = await ports.externals.list(subject.digest);
    expect(kept && Buffer.from((await ports.externals.content(kept)) ?? []).toString()).toContain('1.2.4-r9');
  });

  it('that agree with ours are received, and no more', async () => {
    const { ports, registry, subject, make } = await setUp();
    await make();
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', bom(same));
    expect(told((await reviewSboms(ports, subject, now())).events)).toEqual(['SBOM Received']);
  });

  it('in an index of BuildKit are about its images, and no others', async () => {
    const { ports, registry, subject, make } = await setUp();
    const stranger = buildImage([[osRelease('alpine', '3.19')]]);
    await make();
    const spdx = {
      spdxVersion: 'SPDX-2.3',
      name: 'x',
      packages: [],
      creationInfo: { creators: ['Tool: buildkit-v0.12'] },
    };
    const child = { ...image.descriptor, platform: { os: 'linux', architecture: 'arm64' } };
    const index = await pushIndex(
      registry,
      repository,
      [
        child,
        await buildkitEntry(registry, image, spdx),
        await buildkitEntry(registry, stranger, spdx),
        await buildkitEntry(registry, image, { ...spdx, name: 'moved here' }, stranger),
      ],
      'v2',
    );
    const { events, unusable } = await reviewSboms(ports, { ...subject, digest: index, tags: ['v2'] }, now());
    expect(unusable).toEqual([]);
    expect(told(events)).toEqual(['SBOM Received', 'SBOM Disagreed']);
    expect(dataOf(events, 'SBOM Received')).toMatchObject({
      subject: { digest: subject.digest, platform: 'linux/arm64', tags: [] },
      sbom: { origin: 'buildkit', tool: 'buildkit v0.12', packages: 0 },
    });
  });

  it.each(['cosign-bundle', 'cosign-tag'] as const)(
    'in statements (%s) are verified by keys that are trusted',
    async (format) => {
      const { ports, registry, subject, make } = await setUp();
      await make();
      const { signer, publicPem } = newKey();
      const predicateType = 'https://cyclonedx.org/bom';
      const predicate = JSON.parse(bom({ musl: '1.2.5-r0' }));
      const statement = { predicateType, predicate };
      const recorded = await createAttestation(signer, subject, image.descriptor, statement, new Date(when), {
        format,
      });
      await pushRecorded(registry, recorded);
      const unknown = await reviewSboms(ports, subject, now());
      expect(dataOf(unknown.events, 'SBOM Received')).toMatchObject({
        sbom: { origin: 'attestation', standing: 'not-verified' },
      });
      const trust = toTrust({ trustedKeys: [{ name: 'ci', pem: publicPem }] });
      const known = await reviewSboms({ ...ports, trust }, subject, now());
      expect(dataOf(known.events, 'SBOM Disagreed')).toMatchObject({ other: { standing: 'verified' } });
      expect((await ports.externals.list(subject.digest)).map(({ standing }) => standing)).toEqual([
        { kind: 'verified', by: 'ci' },
      ]);
      // Once verified, it stays so, whoever looks again with fewer keys.
      await reviewSboms(ports, subject, now());
      expect((await ports.externals.list(subject.digest))[0]?.standing.kind).toBe('verified');
    },
  );

  it('that are copies of ours are no second opinion', async () => {
    const { ports, registry, subject, make } = await setUp();
    const made = await make();
    if (made.status !== 'created') throw new Error(made.status);
    const document = writeSbom(made.sbom, parseSbomForm('cyclonedx-json'), { timestamp: when });
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', document);
    expect((await reviewSboms(ports, subject, now())).events).toEqual([]);
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', bom({ musl: '0' }, 'lading'));
    expect(told((await reviewSboms(ports, subject, now())).events)).toEqual(['SBOM Received', 'SBOM Disagreed']);
  });

  it('are told of once, but again where the same occasion is repeated, and when ours or their signature changes', async () => {
    const { ports, registry, subject, make } = await setUp();
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', bom({ curl: '8' }));
    expect(told((await reviewSboms(ports, subject, now())).events)).toEqual(['SBOM Received']);
    await make();
    const occasion = now();
    expect(told((await reviewSboms(ports, subject, occasion)).events)).toEqual(['SBOM Disagreed']);
    expect(told((await reviewSboms(ports, subject, occasion)).events)).toEqual(['SBOM Disagreed']);
    expect((await reviewSboms(ports, subject, now())).events).toEqual([]);
    const ours = await ports.own.get(subject.digest);
    const newer = { get: async () => ours && { ...ours, generator: { ...ours.generator, version: 'newer' } } };
    expect(told((await reviewSboms({ ...ports, own: newer }, subject, now())).events)).toEqual(['SBOM Disagreed']);
  });

  it('that cannot be read are told of, and cost the others nothing', async () => {
    const { ports, registry, subject, make } = await setUp();
    await make();
    await attachReferrer(registry, 'application/spdx+json', '{"spdxVersion":"SPDX-2.3","packages":5}');
    await attachReferrer(registry, 'application/vnd.cyclonedx+json', bom(same));
    await attachReferrer(registry, 'application/vnd.example', 'no SBOM');
    const { events, unusable } = await reviewSboms(ports, subject, now());
    expect(told(events)).toEqual(['SBOM Received']);
    expect(unusable).toEqual([{ manifest: expect.stringMatching(/^sha256:/), why: expect.stringContaining('SPDX') }]);
  });

  it('are compared when ours is made, whichever comes first', async () => {
    const { ports, subject, make } = await setUp();
    const found = {
      ...{ image: subject.digest, content: Buffer.from(bom({ curl: '8' })), origin: 'upload' as const },
      standing: { kind: 'unsigned' as const },
    };
    const taken = await takeInSbom(ports.externals, found, when);
    if (taken.kind !== 'kept') throw new Error(taken.why);
    expect(await reviewUpload(ports, subject, now())).toEqual([]);
    await make();
    expect(told(await reviewUpload(ports, subject, now()))).toEqual(['SBOM Disagreed']);
    expect((await reviewSboms(ports, subject, now())).events).toEqual([]);
    expect(await takeInSbom(ports.externals, { ...found, content: Buffer.from('?') }, when)).toMatchObject({
      kind: 'unreadable',
    });
  });

  it('are sought for what is there, and nothing is found for what is gone', async () => {
    const { ports, subject } = await setUp();
    const gone = { ...subject, digest: digestOf('gone') };
    expect(await reviewSboms(ports, gone, now())).toEqual({ events: [], unusable: [] });
  });
});

describe('our own SBOM', () => {
  it('is judged with the files of its layers, and the judgement kept', async () => {
    const { make, store, inventories, subject } = await setUp();
    const made = await make();
    if (made.status !== 'created') throw new Error(made.status);
    const qualities = documentQuality(store);
    await judgeImage({ qualities, inventories }, made.sbom);
    const kept = await qualities.get(subject.digest);
    expect(kept).toMatchObject({ packages: 2, coverage: { unidentifiedExecutables: 0 } });
    expect(kept?.checks.map(({ id }) => id)).toContain('bytes');
    const { platform: _platform, ...ofIndex } = made.sbom;
    await judgeImage({ qualities, inventories }, ofIndex);
    expect((await qualities.get(subject.digest))?.coverage).toBeUndefined();
  });
});
