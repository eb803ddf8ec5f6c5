import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { LadingError } from '../../../lib/core/errors.ts';
import type { ImageLocation } from '../../../lib/core/image-reference.ts';
import { createArtifactManifest, type Descriptor } from '../../../lib/formats/oci/index.ts';
import { SIGSTORE_BUNDLE_V03 } from '../../../lib/formats/sigstore-bundle/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { parseVerificationKey, type Signer, signImage, verifyImage } from '../../../lib/signing/index.ts';
import { newKey, pushImage } from './support.ts';

const setup = async (referrersApi = true) => {
  const registry = createMemoryRegistry({ referrersApi });
  const ours = newKey();
  return { registry, ours, keys: [parseVerificationKey(ours.publicPem)], image: await pushImage(registry) };
};

const signWith = (registry: Registry, signer: Signer, subject: ImageLocation) =>
  signImage({ registry, signer, store: memorySignatures(), clock: manualClock() }, { subject, decision: 'allow' });

/** What anyone who can push may put beside an image. */
async function attach(registry: Registry, subject: ImageLocation, content: Uint8Array, size = content.length) {
  const { repository } = subject;
  const image = await registry.headManifest({ repository, reference: subject.digest });
  const layer: Descriptor = { mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(content), size };
  await registry.putBlob({ repository, digest: layer.digest, size: content.length, content });
  const manifest = createArtifactManifest({
    artifactType: SIGSTORE_BUNDLE_V03,
    layers: [layer],
    subject: image as Descriptor,
  });
  await registry.attachReferrer({ repository, mediaType: manifest.mediaType, bytes: manifest.bytes });
}

const garbage = (i: number) => new TextEncoder().encode(`garbage ${i}`);

describe.each([true, false])('verifying an image (referrers API: %s)', (referrersApi) => {
  it('finds our signature', async () => {
    const { registry, ours, keys, image } = await setup(referrersApi);
    expect(await verifyImage(registry, image, keys)).toEqual({ kind: 'unsigned' });
    const signed = await signWith(registry, ours.signer, image);
    const manifest = signed.kind === 'signed' ? signed.signature.manifestDigest : undefined;
    expect(await verifyImage(registry, image, keys)).toEqual({ kind: 'verified', manifest, keyId: keys[0]?.keyId });
  });

  it('is not misled by garbage beside a good signature', async () => {
    const { registry, ours, keys, image } = await setup(referrersApi);
    for (let i = 0; i < 10; i++) await attach(registry, image, garbage(i));
    await signWith(registry, newKey().signer, image);
    await signWith(registry, ours.signer, image);
    for (let i = 10; i < 20; i++) await attach(registry, image, garbage(i));
    expect(await verifyImage(registry, image, keys)).toMatchObject({ kind: 'verified' });
  });

  it('fails closed, and says so, when there is more than it may examine', async () => {
    const { registry, keys, image } = await setup(referrersApi);
    for (let i = 0; i < 51; i++) await attach(registry, image, garbage(i));
    const verdict = await verifyImage(registry, image, keys);
    expect(verdict).toMatchObject({ kind: 'limit-exceeded' });
    expect(verdict.kind === 'limit-exceeded' && verdict.rejected).toHaveLength(50);
  });
});

describe('verifying an image', () => {
  it('refuses a signature that was moved here from another image', async () => {
    const { registry, ours, keys, image } = await setup();
    const another = await pushImage(registry, 'app', 'other layer');
    const signed = await signWith(registry, ours.signer, another);
    if (signed.kind !== 'signed') throw new Error('not signed');
    await attach(registry, image, signed.signature.bundle);
    expect(await verifyImage(registry, image, keys)).toMatchObject({
      kind: 'not-verified',
      rejected: [{ fault: 'subject-differs' }],
    });
  });

  it('names what is wrong with each', async () => {
    const { registry, keys, image } = await setup();
    await attach(registry, image, garbage(0));
    await signWith(registry, newKey().signer, image);
    await attach(registry, image, garbage(1), 4 * 1024 * 1024 + 1);
    const verdict = await verifyImage(registry, image, keys);
    expect(verdict.kind === 'not-verified' && verdict.rejected.map((one) => one.fault).sort()).toEqual([
      'bundle-unreadable',
      'signature-invalid',
      'too-large',
    ]);
  });

  it('does not trust a list that names a manifest of another subject', async () => {
    const { registry, ours, keys, image } = await setup();
    const another = await pushImage(registry, 'app', 'other layer');
    await signWith(registry, ours.signer, another);
    const lying: Registry = {
      ...registry,
      listReferrers: (of, options) => registry.listReferrers({ ...of, digest: another.digest }, options),
    };
    expect(await verifyImage(lying, image, keys)).toMatchObject({ rejected: [{ fault: 'subject-differs' }] });
  });

  it('does not take a registry that cannot answer for an unsigned image', async () => {
    const { registry, ours, keys, image } = await setup();
    await signWith(registry, ours.signer, image);
    const down = new LadingError('registry-unavailable', 'down', { retryable: true });
    const broken = [
      { ...registry, listReferrers: () => Promise.reject(down) },
      {
        ...registry,
        openBlob: () => {
          throw down;
        },
      },
    ] as unknown as Registry[];
    for (const one of broken) await expect(verifyImage(one, image, keys)).rejects.toBe(down);
  });

  it('says when the image itself is gone', async () => {
    const { registry, keys, image } = await setup();
    const gone = { ...image, digest: `sha256:${'0'.repeat(64)}` as const };
    expect(await verifyImage(registry, gone, keys)).toEqual({ kind: 'image-gone' });
  });
});
