import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { preAuthEncoding } from '../../../lib/formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../../../lib/formats/intoto/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../../lib/formats/sigstore-bundle/index.ts';
import { createMemoryRegistry as memoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { parseVerificationKey } from '../../../lib/signing/index.ts';
import { memoryVexStore } from '../../../lib/vex/adapters/memory-vex-store.ts';
import { collectVex } from '../../../lib/vex/collect-vex.ts';
import { newKey, pushImage } from '../signing/support.ts';

const openVex = (statements: readonly object[]) => ({
  '@context': 'https://openvex.dev/ns/v0.2.0',
  '@id': 'https://example.com/vex',
  author: 'the vendor',
  timestamp: '2026-01-01T00:00:00Z',
  version: 1,
  statements,
});
const said = openVex([
  { vulnerability: { name: 'CVE-2026-1' }, status: 'not_affected', impact_statement: 'not built in' },
]);

async function setUp() {
  const registry = memoryRegistry();
  const image = await pushImage(registry);
  const [vendor, stranger] = [newKey(), newKey()];
  const vex = memoryVexStore();

  /** Puts a bundle beside the image, as `cosign attest --key` does. */
  async function attach(
    key: ReturnType<typeof newKey>,
    given: { predicate?: unknown; predicateType?: string; about?: Digest; subject?: Digest } = {},
  ): Promise<Digest> {
    const {
      predicate = said,
      predicateType = 'https://openvex.dev/ns',
      about = image.digest,
      subject = image.digest,
    } = given;
    const payload = encodeStatement({ subject: [{ digest: about }], predicateType, predicate });
    const sig = await key.signer.sign(preAuthEncoding(IN_TOTO_PAYLOAD_TYPE, payload));
    const bundle = Buffer.from(
      JSON.stringify({
        mediaType: SIGSTORE_BUNDLE_V03,
        verificationMaterial: { publicKey: { hint: parseVerificationKey(key.publicPem).keyId } },
        dsseEnvelope: {
          payload: Buffer.from(payload).toString('base64'),
          payloadType: IN_TOTO_PAYLOAD_TYPE,
          signatures: [{ sig: Buffer.from(sig).toString('base64') }],
        },
      }),
    );
    const config = Buffer.from('{}');
    for (const content of [bundle, config]) {
      await registry.putBlob({
        repository: image.repository,
        digest: digestOf(content),
        size: content.length,
        content,
      });
    }
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactType: SIGSTORE_BUNDLE_V03,
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: digestOf(config), size: config.length },
        layers: [{ mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(bundle), size: bundle.length }],
        subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: subject, size: 1 },
      }),
    );
    const put = await registry.putManifest({
      repository: image.repository,
      reference: digestOf(bytes),
      bytes,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
    });
    return put.digest;
  }

  const collect = (referrer: Digest) =>
    collectVex(
      { registry, vex, clock: manualClock() },
      { registry: image.registry, repository: image.repository, referrer, image: image.digest },
      [{ name: 'vendor', key: parseVerificationKey(vendor.publicPem) }],
    );
  return { vex, image, vendor, stranger, attach, collect };
}

describe('VEX attestations beside images', () => {
  it('are taken in when a trusted issuer signed them for this image', async () => {
    const { vendor, attach, collect, vex, image } = await setUp();
    const referrer = await attach(vendor);
    expect(await collect(referrer)).toMatchObject({ kind: 'added', outcome: 'stored' });
    expect(await collect(referrer)).toMatchObject({ kind: 'added', outcome: 'unchanged' });
    expect(await vex.of(image)).toMatchObject([
      {
        origin: { author: 'the vendor', via: 'attestation', trustedBy: 'vendor', image: image.digest },
        statements: [{ ids: ['CVE-2026-1'], status: 'not_affected' }],
      },
    ]);
  });

  it.each([
    ['signed by a stranger', 'stranger', {}, /signature-invalid/],
    ['about another image', 'vendor', { about: digestOf('other') }, /subject-differs/],
    ['moved here from another image', 'vendor', { subject: digestOf('other') }, /another subject/],
    ['of another kind', 'vendor', { predicateType: 'https://slsa.dev/provenance/v1' }, /predicate-differs/],
    ['no VEX in spite of their type', 'vendor', { predicate: { hello: 1 } }, /neither OpenVEX/],
    ['without a statement', 'vendor', { predicate: openVex([]) }, /no statement/],
  ] as const)('are left where they are %s', async (_what, by, given, why) => {
    const setting = await setUp();
    const collected = await setting.collect(await setting.attach(setting[by], given));
    expect(collected).toEqual({ kind: 'left', why: expect.stringMatching(why) });
    expect(await setting.vex.of(setting.image)).toEqual([]);
  });
});
