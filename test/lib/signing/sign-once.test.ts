import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { parseManifest } from '../../../lib/formats/oci/index.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { localSigner } from '../../../lib/signing/adapters/local-signer.ts';
import { memorySignatures } from '../../../lib/signing/adapters/memory-signatures.ts';
import { type SignImageOutcome, type SignImagePorts, signImage } from '../../../lib/signing/index.ts';
import { makeChain } from '../../support/certificates.ts';
import { newImage } from './verify/material.ts';

const EVENTS = 100;

/** Fails every so many calls: before the effect and after it by turns, as a function that is killed does. */
function unreliable<T extends object>(port: T, names: readonly (keyof T)[], every: number): T {
  let calls = 0;
  const wrapped = Object.fromEntries(
    names.map((name) => [
      name,
      async (...given: unknown[]) => {
        const fails = ++calls % every === 0;
        if (fails && calls % (2 * every) === 0) throw new Error('crash');
        const result = await (port[name] as (...args: unknown[]) => Promise<unknown>)(...given);
        if (fails) throw new Error('crash');
        return result;
      },
    ]),
  );
  return { ...port, ...wrapped };
}

/** What lies beside the image: digests of referrers, and of layers under the tags. */
async function signaturesOf(registry: Registry, digest: `sha256:${string}` | `sha512:${string}`) {
  const { descriptors } = await registry.listReferrers({ repository: 'app', digest });
  const tag = await registry.getManifest({ repository: 'app', reference: `${digest.replace(':', '-')}.sig` });
  const manifest = tag && parseManifest(tag.bytes, tag.mediaType);
  const layers = manifest === undefined || manifest.kind === 'index' ? [] : manifest.layers;
  return [...descriptors, ...layers].map((one) => one.digest);
}

describe.each(['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'] as const)('signing as %s', (format) => {
  it(`leaves one signature, byte for byte, of ${EVENTS} events that are doubled and cut short`, async () => {
    const image = await newImage();
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { chain } = makeChain({ key });
    const store = memorySignatures();
    const ports: SignImagePorts = {
      signer: localSigner(key.privateKey),
      store: unreliable(store, ['record', 'get'], 7),
      registry: unreliable(image.registry, ['putBlob', 'putManifest', 'attachReferrer'], 5),
      clock: systemClock,
    };
    const request = { subject: image.at, decision: 'allow', options: { format, certificates: chain } } as const;
    const outcomes: SignImageOutcome[] = [];
    // The local stack gives a subject to one worker at a time, as the lease of its work does.
    for (let i = 0; i < EVENTS; i++) {
      await signImage(ports, request).then(
        (outcome) => outcomes.push(outcome),
        (error: Error) => expect(error.message).toBe('crash'),
      );
    }
    expect(outcomes.length).toBeGreaterThan(10);
    expect(outcomes.length).toBeLessThan(EVENTS);
    const bytes = new Set(
      outcomes.map((one) => (one.kind === 'signed' ? Buffer.from(one.signature.bundle).toString('hex') : one.reason)),
    );
    expect(bytes.size).toBe(1);
    expect(await signaturesOf(image.registry, image.at.digest)).toHaveLength(1);
  });

  it('is apart from the other formats of the same key', async () => {
    const image = await newImage();
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { chain } = makeChain({ key });
    const ports: SignImagePorts = {
      signer: localSigner(key.privateKey),
      store: memorySignatures(),
      registry: image.registry,
      clock: systemClock,
    };
    for (const one of ['cosign-bundle', format, 'cosign-bundle', format] as const) {
      await signImage(ports, {
        subject: image.at,
        decision: 'allow',
        options: { format: one, certificates: chain },
      });
    }
    expect(await signaturesOf(image.registry, image.at.digest)).toHaveLength(format === 'cosign-bundle' ? 1 : 2);
  });
});
