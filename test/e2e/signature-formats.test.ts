import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { predicateTypes } from '../../lib/attestation/index.ts';
import { type ImageLocation, locationKey } from '../../lib/core/image-reference.ts';
import { imageCataloged, imageSigned } from '../../lib/events/index.ts';
import { cosignTags, type Registry } from '../../lib/registry/index.ts';
import { fetchMaterial, parseVerificationKey, type Requirement, verify } from '../../lib/signing/index.ts';
import { apkDatabase, buildImage, osRelease } from '../lib/sbom/image-builder.ts';
import { notationTrust } from '../lib/signing/verify/material.ts';
import { makeChain } from '../support/certificates.ts';
import { pushBuilt } from '../support/push-images.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const FORMATS = ['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'] as const;
const built = buildImage([[osRelease('alpine', '3.20.3'), apkDatabase(['musl', '1.2.5-r0'])]]);

/** A certificate of a key whose private half is elsewhere. */
const chainOf = (pem: string) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return makeChain({ key: { privateKey, publicKey: createPublicKey(pem) } });
};

describe('an image of a stack that signs in all formats', () => {
  let dataDir: string;
  let system: TestStack;
  let image: ImageLocation;
  let keyPem: string;
  let chain: ReturnType<typeof makeChain>;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lading-formats-'));
    // The key comes first and then its certificate, as for whoever deploys.
    system = await startTestStack({ dataDir });
    keyPem = await (await system.ask('/api/key')).text();
    await system.close();
    chain = chainOf(keyPem);
    const certificates = JSON.stringify(chain.signer.pem + chain.authority.pem);
    const instead = {
      '"signatures":["cosign-bundle"]': `"signatures":${JSON.stringify(FORMATS)},"certificates":${certificates}`,
      '"attestations":["cosign-bundle"]': '"attestations":["cosign-bundle","cosign-tag"]',
    };
    system = await startTestStack({ dataDir, instead });
    await system.run('sync-advisories');
    image = system.location('team/app', await pushBuilt(system.source.client, 'team/app', built, 'v1'));
    await system.settle();
  });
  afterAll(async () => {
    await system?.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const verified = async (registry: Registry) => {
    const material = await fetchMaterial(registry, image);
    if (material === undefined) throw new Error('the image is gone');
    const trust = {
      keys: [{ name: 'stack', key: parseVerificationKey(keyPem) }],
      notation: notationTrust(chain.authority.der),
    };
    const requirements = FORMATS.map(
      (format): Requirement => ({ name: format, kind: 'signature', threshold: 1, formats: [format] }),
    );
    const result = verify(material, trust, requirements, new Date());
    const signatures = result.proofs.filter(({ kind }) => kind === 'signature').map(({ format }) => format);
    return { trusted: result.trusted, rejections: result.rejections, signatures: signatures.sort() };
  };

  it('has one signature in each, and so have its copies', async () => {
    const all = { trusted: true, rejections: [], signatures: [...FORMATS].sort() };
    expect(await verified(system.source.client)).toEqual(all);
    expect(await verified(system.replica.client)).toEqual(all);
  });

  it('has its statements in bundles and under cosign’s older tag, at the source and at its copies', async () => {
    for (const registry of [system.source.client, system.replica.client]) {
      const material = await fetchMaterial(registry, image, ['cosign-bundle', 'cosign-tag']);
      if (material === undefined) throw new Error('the image is gone');
      const kinds = [predicateTypes.cyclonedx, predicateTypes.vulnerabilities, predicateTypes.verdict];
      const requirements = kinds.flatMap((predicateType) =>
        (['cosign-bundle', 'cosign-tag'] as const).map(
          (format): Requirement => ({
            ...{ name: `${predicateType} ${format}`, kind: 'attestation', threshold: 1 },
            ...{ predicateType, formats: [format] },
          }),
        ),
      );
      const trust = { keys: [{ name: 'stack', key: parseVerificationKey(keyPem) }] };
      const result = verify(material, trust, requirements, new Date());
      expect(result.requirements.filter(({ met }) => !met)).toEqual([]);
      const [, att = ''] = cosignTags(image.digest);
      expect(await registry.headManifest({ repository: image.repository, reference: att })).toBeDefined();
    }
  });

  it('is told of once, by the first of them, and its signatures are no images', async () => {
    const trail = await system.trail();
    const dataOf = ({ detailType }: { readonly detailType: string }) =>
      trail
        .filter((entry) => entry.detailType === detailType)
        .map(({ detail }) => (detail as { readonly data?: unknown } | null)?.data);
    const told = dataOf(imageSigned).map((data) => imageSigned.data.parse(data));
    expect(told.map(({ subject }) => locationKey(subject))).toEqual([locationKey(image)]);
    expect(told[0]?.signature.artifactType).toContain('sigstore.bundle');
    const images = dataOf(imageCataloged)
      .map((data) => imageCataloged.data.parse(data))
      .filter(({ artifactClass }) => artifactClass === 'image')
      .map(({ subject }) => locationKey(subject));
    const copy = { ...image, registry: system.replica.host };
    expect(images.sort()).toEqual([locationKey(image), locationKey(copy)].sort());
  });

  it('is signed no further when it is pushed again', async () => {
    await pushBuilt(system.source.client, 'team/app', built, 'v2');
    await system.settle();
    expect((await verified(system.source.client)).signatures).toEqual([...FORMATS].sort());
    expect(system.deadLetters()).toEqual({});
    expect(system.stack.deniedCalls).toEqual([]);
  });
});
