import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { createArtifactManifest, EMPTY_BLOB } from '../../../lib/formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../../lib/formats/sigstore-bundle/index.ts';
import { provenanceConfigSchema } from '../../../lib/provenance/config.ts';
import { deriveLevel } from '../../../lib/provenance/derive-level.ts';
import { findSignedProvenance, provenanceTrust, recordProvenance } from '../../../lib/provenance/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { createAttestation, parseVerificationKey, pushRecorded } from '../../../lib/signing/index.ts';
import { pushBuilt } from '../../support/push-images.ts';
import { apkDatabase, buildImage, osRelease } from '../sbom/image-builder.ts';
import { newKey } from '../signing/support.ts';
import { NOW, recordPorts } from './support.ts';

const now = new Date(NOW);
const repository = 'team/app';
const image = buildImage([[osRelease('alpine', '3.20'), apkDatabase(['musl', '1'])]]);
const builder = 'https://ci.example/builders/main';
const dependency = { uri: 'git+https://git.example/app', digest: { gitCommit: 'c'.repeat(40) } };
const v1 = {
  predicateType: 'https://slsa.dev/provenance/v1',
  predicate: {
    buildDefinition: {
      buildType: 'https://ci.example/type',
      externalParameters: {},
      resolvedDependencies: [dependency],
    },
    runDetails: { builder: { id: builder } },
  },
};
const v02 = {
  predicateType: 'https://slsa.dev/provenance/v0.2',
  predicate: { builder: { id: builder }, buildType: 'https://ci.example/type', materials: [dependency] },
};
type Format = 'cosign-bundle' | 'cosign-tag';

async function setUp(given: { readonly builders?: string[]; readonly hosted?: boolean } = {}) {
  const registry = createMemoryRegistry();
  const subject = { registry: registry.host, repository, digest: await pushBuilt(registry, repository, image) };
  const ci = newKey();
  const own = newKey();
  const config = provenanceConfigSchema.parse({
    trustedSigners: [{ name: 'ci', pem: ci.publicPem, builders: ['https://ci.example/**'], hosted: true, ...given }],
  });
  const trust = provenanceTrust(config, [parseVerificationKey(own.publicPem)]);
  const say = async (key: typeof ci, statement = v1, format: Format = 'cosign-bundle', about = image.descriptor) => {
    await pushRecorded(registry, await createAttestation(key.signer, subject, about, statement, now, { format }));
  };
  const find = () => findSignedProvenance(registry, subject, trust, { now });
  return { registry, subject, ci, own, config, trust, say, find };
}

async function attach(registry: Registry, content: Uint8Array) {
  const layer = { mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(content), size: content.length };
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository, digest, size, content: EMPTY_BLOB.bytes });
  await registry.putBlob({ repository, digest: layer.digest, size: layer.size, content });
  const {
    mediaType,
    bytes,
    digest: reference,
  } = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [layer],
    subject: image.descriptor,
  });
  await registry.putManifest({ repository, reference, mediaType, bytes });
  return reference;
}

describe('provenance that others signed', () => {
  it.each([
    ['cosign-bundle', v1],
    ['cosign-bundle', v02],
    ['cosign-tag', v1],
    ['cosign-tag', v02],
  ] as const)('is verified by a trusted key, in a %s (%#), kept and told of by whom', async (format, statement) => {
    const { say, ci, find, config } = await setUp();
    await say(ci, statement as typeof v1, format);
    const { found, complete } = await find();
    expect(complete).toBe(true);
    expect(found).toMatchObject([{ provenance: { builder, authenticity: 'signed', signer: 'ci', hosted: true } }]);
    const ports = recordPorts();
    for (const one of found) {
      const { data } = await recordProvenance(ports, one.image, one.provenance, { config });
      expect(data).toMatchObject({ level: 2, authenticity: 'signed', signer: 'ci' });
      expect(data).toMatchObject({ reasons: expect.arrayContaining(['signed by the trusted key of ci']) });
      expect(await ports.lineage.of(one.image)).toEqual({ level: 2, pushedByBuilder: 'unknown' });
      // Its own signature lies beside the image; ours would add nothing.
      expect(await ports.materials.of(one.image)).toEqual([]);
    }
    expect(ports.lineage.rows.has(`gitCommit:${'c'.repeat(40)}`)).toBe(true);
  });

  it('reaches the level that its signer is configured for', async () => {
    const { say, ci, find } = await setUp({ hosted: false });
    await say(ci);
    const [only] = (await find()).found;
    expect(only && deriveLevel(only.provenance, ['**']).level).toBe(1);
    expect(only && deriveLevel({ ...only.provenance, hosted: true }, [builder]).level).toBe(3);
  });

  it('is never believed by another key, nor of a builder that the key does not speak for', async () => {
    const { say, find, config } = await setUp();
    await say(newKey());
    const { found } = await find();
    expect(found).toMatchObject([{ provenance: { authenticity: 'untrusted', distrust: 'signature-invalid' } }]);
    const ports = recordPorts();
    for (const one of found) {
      const { data } = await recordProvenance(ports, one.image, one.provenance, { config });
      expect(data).toMatchObject({ level: 0, authenticity: 'untrusted' });
      expect(data).not.toHaveProperty('signer');
      expect(await ports.lineage.of(one.image)).toBeUndefined();
    }
    expect(found).toHaveLength(1);
    expect(ports.lineage.rows.size).toBe(0);

    const other = await setUp({ builders: ['https://ci.example/other'] });
    await other.say(other.ci);
    const [spoken] = (await other.find()).found;
    expect(spoken?.provenance).toMatchObject({
      authenticity: 'untrusted',
      distrust: expect.stringContaining('builder'),
    });
    expect(spoken && deriveLevel(spoken.provenance, ['**']).level).toBe(0);
  });

  it.each(['cosign-bundle', 'cosign-tag'] as const)(
    'is left out in a %s when it is about another image',
    async (format) => {
      const { say, ci, find } = await setUp();
      await say(ci, v1, format, { ...image.descriptor, digest: digestOf('another') });
      expect((await find()).found).toEqual([]);
    },
  );

  it('is left out when it is ours, even where our key is configured, and when it is something else', async () => {
    const { say, ci, own, find, registry, subject } = await setUp();
    await say(own);
    await say(ci, { ...v1, predicateType: 'https://example.com/other' });
    await say(ci, { ...v1, predicate: {} } as unknown as typeof v1);
    expect((await find()).found).toEqual([]);
    const signer = { name: 'us', pem: own.publicPem, builders: ['**'], hosted: true };
    const trust = provenanceTrust({ trustedSigners: [signer] }, [parseVerificationKey(own.publicPem)]);
    expect((await findSignedProvenance(registry, subject, trust, { now })).found).toEqual([]);
  });

  it('is found beside garbage, and by itself where one manifest is asked for', async () => {
    const { say, ci, find, registry, subject, trust } = await setUp();
    const garbage = await attach(registry, Buffer.from('{"mediaType":'));
    await attach(registry, Buffer.alloc(4 * 1024 * 1024 + 1));
    await say(ci);
    expect((await find()).found).toMatchObject([{ provenance: { authenticity: 'signed' } }]);
    const asked = await findSignedProvenance(registry, subject, trust, { now, manifest: garbage });
    expect(asked.found).toEqual([]);
  });

  it('says so where there is more beside the image than is examined', async () => {
    const { find, registry } = await setUp();
    for (let i = 0; i <= 50; i++) await attach(registry, Buffer.from(`garbage ${i}`));
    expect(await find()).toEqual({ found: [], complete: false });
  });

  it('needs a builder that each key speaks for, and names that differ', () => {
    const parse = (...trustedSigners: object[]) => provenanceConfigSchema.safeParse({ trustedSigners }).success;
    const signer = { name: 'ci', pem: newKey().publicPem, builders: ['https://ci.example/*'] };
    expect(parse(signer)).toBe(true);
    expect(parse({ ...signer, builders: [] })).toBe(false);
    expect(parse({ ...signer, pem: newKey().pem })).toBe(false);
    expect(parse(signer, signer)).toBe(false);
  });
});
