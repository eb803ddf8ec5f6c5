import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { canonicalJson } from '../../../../lib/core/json.ts';
import { type CborKey, type CborValue, decodeCbor, encodeCbor } from '../../../../lib/formats/cbor/index.ts';
import { coseToBeSigned, encodeCoseSign1, parseCoseSign1 } from '../../../../lib/formats/cose/index.ts';
import { ecdsaToConcatenated } from '../../../../lib/formats/der/ecdsa-signature.ts';
import { preAuthEncoding } from '../../../../lib/formats/dsse/index.ts';
import { encodeStatement, IN_TOTO_PAYLOAD_TYPE } from '../../../../lib/formats/intoto/index.ts';
import { createArtifactManifest } from '../../../../lib/formats/oci/index.ts';
import { encodeKeyBundle, SIGSTORE_BUNDLE_V03 } from '../../../../lib/formats/sigstore-bundle/index.ts';
import { localSigner } from '../../../../lib/signing/adapters/local-signer.ts';
import {
  COSIGN_SIGN_PREDICATE,
  type FetchedArtifact,
  type FetchedMaterial,
  type RejectionReason,
  type Signer,
  type TrustMaterial,
  verify,
} from '../../../../lib/signing/index.ts';
import { type CertificateOptions, makeChain } from '../../../support/certificates.ts';
import { pushImage } from '../support.ts';
import { makeKey, NOW, newImage, notationTrust, openImage, SIGNED } from './material.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Every artifact is refused, for this reason; and the same material with a good signature beside it is trusted. */
async function expectRefused(
  material: FetchedMaterial,
  trust: TrustMaterial,
  reason: RejectionReason,
  now = NOW,
): Promise<void> {
  const result = verify(material, trust, [SIGNED], now);
  expect(result.trusted).toBe(false);
  expect(result.proofs).toEqual([]);
  expect(result.rejections.length).toBeGreaterThan(0);
  for (const rejection of result.rejections) expect(rejection).toMatchObject({ reason });
  // A bad one beside a good one denies nothing.
  const good = makeKey('good');
  const beside = await newImage(material.image.repository);
  expect(beside.at.digest).toBe(material.image.digest);
  await beside.sign(good.signer);
  const { artifacts } = await beside.fetch();
  const both = { ...material, artifacts: [...material.artifacts, ...artifacts] };
  const withGood = { ...trust, keys: [...trust.keys, good.trusted] };
  expect(verify(both, withGood, [SIGNED], now).requirements).toMatchObject([{ met: true, signers: ['good'] }]);
}

const changed = (
  material: FetchedMaterial,
  change: (artifact: FetchedArtifact) => FetchedArtifact,
): FetchedMaterial => ({
  ...material,
  artifacts: material.artifacts.map(change),
});

describe.each(['cosign-bundle', 'cosign-tag', 'notation-jws', 'notation-cose'] as const)('refused as %s', (format) => {
  const setUp = async (leaf: CertificateOptions = {}) => {
    const image = await newImage();
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { authority, chain, signer } = makeChain({ key, ...leaf });
    const known = makeKey('known');
    const mine = format.startsWith('notation') ? localSigner(key.privateKey) : known.signer;
    const trust: TrustMaterial = { keys: [known.trusted], notation: notationTrust(authority.der) };
    return { image, trust, mine, options: { format, certificates: chain }, authority, chain, signer };
  };

  it('a signature of another image', async () => {
    const { image, trust, mine, options } = await setUp();
    const other = await openImage(image.registry, await pushImage(image.registry, 'app', 'something else'));
    await other.sign(mine, options);
    const theirs = await other.fetch();
    const own = await image.fetch();
    await expectRefused({ ...theirs, image: own.image }, trust, 'subject-differs');
  });

  it('a signature by someone else', async () => {
    const { image, trust } = await setUp();
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { chain } = makeChain({ key: stranger });
    await image.sign(localSigner(stranger.privateKey), { format, certificates: chain });
    await expectRefused(
      await image.fetch(),
      trust,
      format.startsWith('notation') ? 'chain-untrusted' : 'signature-invalid',
    );
  });

  it('garbage, and a signature that is cut, changed or too long', async () => {
    const { image, trust, mine, options } = await setUp();
    await image.sign(mine, options);
    const material = await image.fetch();
    const garbage: readonly (readonly [Uint8Array, RejectionReason])[] = [
      [utf8(''), format === 'cosign-tag' ? 'signature-invalid' : 'malformed'],
      [utf8('{"garbage":true}'), format === 'cosign-tag' ? 'signature-invalid' : 'malformed'],
      [new Uint8Array(4 * 1024 * 1024 + 1), 'too-large'],
    ];
    for (const [content, reason] of garbage) {
      await expectRefused(
        changed(material, (one) => ({ ...one, content })),
        trust,
        reason,
      );
    }
    for (const artifact of material.artifacts) {
      // Wherever a bit flips, nothing is proven that was not signed.
      for (let i = 0; i < artifact.content.length; i += 37) {
        const content = Uint8Array.from(artifact.content);
        content[i] = (content[i] ?? 0) ^ 1;
        const result = verify({ ...material, artifacts: [{ ...artifact, content }] }, trust, [SIGNED], NOW);
        if (result.trusted) expect(result.proofs).toMatchObject([{ kind: 'signature' }]);
        else expect(result.rejections).toHaveLength(1);
      }
    }
  });

  it('none at all: an image whose signature was stripped', async () => {
    const { image, trust } = await setUp();
    const result = verify(await image.fetch(), trust, [SIGNED], NOW);
    expect(result).toMatchObject({ trusted: false, requirements: [{ unmet: { reason: 'no-proof' } }], rejections: [] });
  });

  it('nothing by being there twice', async () => {
    const { image, trust, mine, options } = await setUp();
    await image.sign(mine, options);
    const material = await image.fetch();
    const twice = { ...material, artifacts: [...material.artifacts, ...material.artifacts] };
    const result = verify(twice, trust, [{ ...SIGNED, threshold: 2 }], NOW);
    expect(result.requirements).toMatchObject([{ met: false, unmet: { reason: 'threshold-not-met' } }]);
  });
});

describe('keys that no longer count', () => {
  it.each([
    ['key-expired', { notAfter: new Date('2026-05-31T00:00:00Z') }],
    ['key-not-yet-valid', { notBefore: new Date('2026-06-02T00:00:00Z') }],
    ['key-revoked', { revoked: { reason: 'stolen' } }],
    ['algorithm-not-allowed', { algorithms: ['ml-dsa-65'] }],
  ] as const)('%s', async (reason, options) => {
    const image = await newImage();
    const key = makeKey('old', options);
    await image.sign(key.signer);
    await image.sign(key.signer, { format: 'cosign-tag' });
    await expectRefused(await image.fetch(), { keys: [key.trusted] }, reason);
  });

  it('a key may be listed once for each of its lives', async () => {
    const image = await newImage();
    const key = makeKey('old', { notAfter: new Date('2026-01-01T00:00:00Z') });
    await image.sign(key.signer);
    const renewed = { ...key.trusted, name: 'renewed', notAfter: new Date('2027-01-01T00:00:00Z') };
    const result = verify(await image.fetch(), { keys: [key.trusted, renewed] }, [SIGNED], NOW);
    expect(result.requirements).toMatchObject([{ signers: ['renewed'] }]);
  });
});

describe('bundles that say something else', () => {
  const bundleOf = async (
    signer: Signer,
    payloadType: string,
    payload: Uint8Array,
    digest: string,
  ): Promise<FetchedArtifact> => ({
    manifest: digest as never,
    format: 'cosign-bundle',
    annotations: new Map(),
    content: encodeKeyBundle({
      hint: '',
      envelope: {
        payloadType,
        payload,
        signatures: [{ sig: await signer.sign(preAuthEncoding(payloadType, payload)) }],
      },
    }),
  });

  it('another payload type, signed as it is: a statement is not taken out of another kind of envelope', async () => {
    const image = await newImage();
    const key = makeKey('k');
    const statement = encodeStatement({
      subject: [{ digest: image.at.digest }],
      predicateType: COSIGN_SIGN_PREDICATE,
      predicate: {},
    });
    const material = await image.fetch();
    const artifact = await bundleOf(key.signer, 'application/vnd.example+json', statement, digestOf('x'));
    await expectRefused({ ...material, artifacts: [artifact] }, { keys: [key.trusted] }, 'payload-type-differs');
  });

  it('a simple-signing payload posing as a statement, and a statement posing as one', async () => {
    const image = await newImage();
    const key = makeKey('k');
    await image.sign(key.signer, { format: 'cosign-tag' });
    const material = await image.fetch();
    const [entry] = material.artifacts;
    const posing = await bundleOf(key.signer, IN_TOTO_PAYLOAD_TYPE, entry?.content ?? new Uint8Array(), digestOf('x'));
    await expectRefused({ ...material, artifacts: [posing] }, { keys: [key.trusted] }, 'statement-unreadable');
    const statement = encodeStatement({ subject: [{ digest: image.at.digest }], predicateType: 'p', predicate: {} });
    const sig = Buffer.from(await key.signer.sign(statement)).toString('base64');
    const annotations = new Map([['dev.cosignproject.cosign/signature', sig]]);
    await expectRefused(
      changed(material, (one) => ({ ...one, content: statement, annotations })),
      { keys: [key.trusted] },
      'statement-unreadable',
    );
  });

  it('a signature of a tag without its signature', async () => {
    const image = await newImage();
    const key = makeKey('k');
    await image.sign(key.signer, { format: 'cosign-tag' });
    const material = await image.fetch();
    for (const annotations of [new Map(), new Map([['dev.cosignproject.cosign/signature', '!']])]) {
      await expectRefused(
        changed(material, (one) => ({ ...one, annotations })),
        { keys: [key.trusted] },
        'malformed',
      );
    }
  });

  it('a certificate that nobody gave a root for', async () => {
    const image = await newImage();
    const key = makeKey('k');
    await image.sign(key.signer);
    const material = changed(await image.fetch(), (one) => {
      const bundle = JSON.parse(new TextDecoder().decode(one.content));
      bundle.verificationMaterial = { certificate: { rawBytes: 'AAAA' } };
      return { ...one, content: utf8(JSON.stringify(bundle)) };
    });
    await expectRefused(material, { keys: [key.trusted] }, 'no-trust-root');
  });

  it('a statement with two readings: a key that appears twice', async () => {
    const image = await newImage();
    const key = makeKey('k');
    const statement = new TextDecoder().decode(
      encodeStatement({ subject: [{ digest: image.at.digest }], predicateType: COSIGN_SIGN_PREDICATE, predicate: {} }),
    );
    const twice = utf8(statement.replace('"subject":', '"subject":[],"subject":'));
    const material = await image.fetch();
    const artifact = await bundleOf(key.signer, IN_TOTO_PAYLOAD_TYPE, twice, digestOf('x'));
    await expectRefused({ ...material, artifacts: [artifact] }, { keys: [key.trusted] }, 'statement-unreadable');
  });
});

describe('re-pointed referrers', () => {
  it('a bundle that is attached to another image proves nothing there', async () => {
    const image = await newImage();
    const key = makeKey('k');
    const other = await openImage(image.registry, await pushImage(image.registry, 'app', 'other'));
    const signed = await other.sign(key.signer);
    const layer = { mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(signed.bundle), size: signed.bundle.length };
    const { mediaType, bytes } = createArtifactManifest({
      artifactType: SIGSTORE_BUNDLE_V03,
      layers: [layer],
      subject: image.descriptor,
    });
    await image.registry.attachReferrer({ repository: 'app', mediaType, bytes });
    await expectRefused(await image.fetch(), { keys: [key.trusted] }, 'subject-differs');
  });

  it('a manifest that holds no bundle, several, or something else is unreadable', async () => {
    const image = await newImage();
    const content = utf8('x');
    const layer = { mediaType: 'text/plain', digest: digestOf(content), size: content.length };
    await image.registry.putBlob({ repository: 'app', digest: layer.digest, size: layer.size, content });
    const bundle = { ...layer, mediaType: SIGSTORE_BUNDLE_V03 };
    for (const layers of [[layer], [bundle, bundle]]) {
      const { mediaType, bytes } = createArtifactManifest({
        artifactType: SIGSTORE_BUNDLE_V03,
        layers,
        subject: image.descriptor,
      });
      await image.registry.attachReferrer({ repository: 'app', mediaType, bytes });
    }
    await expectRefused(await image.fetch(), { keys: [] }, 'unreadable');
  });

  it('more than may be examined is a refusal of its own, unless one of those examined is good', async () => {
    const image = await newImage();
    const key = makeKey('k');
    const content = utf8('{}');
    const layer = { mediaType: SIGSTORE_BUNDLE_V03, digest: digestOf(content), size: content.length };
    await image.registry.putBlob({ repository: 'app', digest: layer.digest, size: layer.size, content });
    for (let i = 0; i < 60; i++) {
      const { mediaType, bytes } = createArtifactManifest({
        artifactType: SIGSTORE_BUNDLE_V03,
        layers: [layer],
        subject: image.descriptor,
        annotations: { n: String(i) },
      });
      await image.registry.attachReferrer({ repository: 'app', mediaType, bytes });
    }
    const material = await image.fetch();
    expect(material).toMatchObject({ complete: false });
    expect(material.artifacts).toHaveLength(50);
    expect(verify(material, { keys: [key.trusted] }, [SIGNED], NOW).requirements).toMatchObject([
      { met: false, unmet: { reason: 'limit-exceeded' } },
    ]);
    await image.sign(key.signer, { format: 'cosign-tag' });
    expect(verify(await image.fetch(), { keys: [key.trusted] }, [SIGNED], NOW).trusted).toBe(true);
  });
});

describe('Notary Project', () => {
  const signed = async (leaf: CertificateOptions = {}, root: CertificateOptions = {}, expiresAt?: Date) => {
    const image = await newImage();
    const { authority, signer, chain } = makeChain(leaf, root);
    const options = { format: 'notation-jws', certificates: chain, expiresAt } as const;
    await image.sign(localSigner(signer.privateKey), options);
    return { image, authority, signer, chain, material: await image.fetch() };
  };
  const trusting = (authority: { readonly der: Uint8Array }, change = {}): TrustMaterial => ({
    keys: [],
    notation: notationTrust(authority.der, change),
  });

  it.each([
    ['for servers as well', { purposes: ['1.3.6.1.5.5.7.3.3', '1.3.6.1.5.5.7.3.1'] }, {}],
    ['for timestamps', { purposes: ['1.3.6.1.5.5.7.3.8'] }, {}],
    ['of an authority', { ca: true, usage: [0, 5] }, {}],
    ['without key usage', { usage: [] }, {}],
    ['whose key usage is not critical', { usageCritical: false }, {}],
    ['that may not sign', { usage: [4] }, {}],
    ['that may encrypt as well', { usage: [0, 2] }, {}],
    ['with an unknown critical extension', { critical: '1.2.3.4' }, {}],
    ['below a root that may not sign certificates', {}, { usage: [6] }],
  ] satisfies readonly (readonly [string, CertificateOptions, CertificateOptions])[])(
    'refuses a certificate %s',
    async (_what, leaf, root) => {
      const { material, authority } = await signed(leaf, root);
      await expectRefused(material, trusting(authority), 'chain-usage');
    },
  );

  it('refuses by identity, expiry, revocation and policy, each with its reason; softer levels only tell', async () => {
    const past = new Date('2026-06-01T11:00:00Z');
    const early = new Date('2026-06-01T10:00:00Z');
    const { material, authority, signer } = await signed();
    const expired = await signed({ notAfter: past });
    const image = await newImage();
    const short = makeChain();
    await image.sign(
      localSigner(short.signer.privateKey),
      { format: 'notation-cose', certificates: short.chain, expiresAt: past },
      early,
    );
    const lapsed = await image.fetch();
    const identity = { trustedIdentities: ['x509.subject: C=DE, ST=Berlin, O=Other'] };
    const revokedCertificates = new Set([createHash('sha256').update(signer.der).digest('hex')]);
    const cases = [
      ['identity-differs', material, trusting(authority, identity)],
      ['certificate-expired', expired.material, trusting(expired.authority)],
      ['signature-expired', lapsed, trusting(short.authority)],
      ['certificate-revoked', material, { ...trusting(authority), revokedCertificates }],
    ] as const;
    for (const [reason, fetched, trust] of cases) {
      await expectRefused(fetched, trust, reason);
      const level = (name: string) => ({
        ...trust,
        notation: {
          ...trust.notation,
          policy: {
            ...trust.notation?.policy,
            trustPolicies: trust.notation?.policy.trustPolicies.map((one) => ({
              ...one,
              signatureVerification: { level: name },
            })),
          },
        },
      });
      const audited = verify(fetched, level('audit') as never, [SIGNED], NOW);
      expect(audited, reason).toMatchObject({ trusted: true });
      expect(audited.proofs[0]?.warnings.join()).toContain(reason);
      const permissive = verify(fetched, level('permissive') as never, [SIGNED], NOW);
      expect(permissive.trusted, reason).toBe(reason !== 'identity-differs');
    }
    await expectRefused(material, trusting(authority, { registryScopes: ['memory.example/other'] }), 'no-trust-policy');
    await expectRefused(material, { keys: [] }, 'no-trust-policy');
    await expectRefused(material, trusting(authority, { trustStores: ['signingAuthority:test'] }), 'chain-untrusted');
  });

  it('what a trust policy skips needs no signature of its kind, and is no proof', async () => {
    const { material, authority } = await signed();
    const skip = {
      signatureVerification: { level: 'skip' },
      trustStores: [],
      trustedIdentities: [],
    };
    const trust = trusting(authority, skip);
    expect(verify(material, trust, [SIGNED], NOW).trusted).toBe(false);
    const notation = { ...SIGNED, formats: ['notation-jws', 'notation-cose'] as const };
    expect(verify(material, trust, [notation], NOW)).toMatchObject({
      trusted: true,
      proofs: [],
      requirements: [{ skippedBy: 'all' }],
    });
  });

  it('refuses an algorithm other than the one of the key, and attributes that it must understand and does not', async () => {
    const image = await newImage();
    const { authority, signer, chain } = makeChain();
    const key = localSigner(signer.privateKey);
    await image.sign(key, { format: 'notation-cose', certificates: chain });
    const material = await image.fetch();
    const [artifact] = material.artifacts;
    const message = parseCoseSign1(artifact?.content ?? new Uint8Array());
    const forge = async (change: (headers: Map<CborKey, CborValue>) => void): Promise<FetchedMaterial> => {
      const headers = new Map(decodeCbor(message.protectedBytes) as Map<CborKey, CborValue>);
      change(headers);
      const protectedBytes = encodeCbor(headers);
      const signature = ecdsaToConcatenated(await key.sign(coseToBeSigned(protectedBytes, message.payload)), 32);
      const content = encodeCoseSign1({ ...message, protectedBytes, signature });
      return changed(material, (one) => ({ ...one, content }));
    };
    const trust = trusting(authority);
    expect(verify(await forge(() => undefined), trust, [SIGNED], NOW).trusted).toBe(true);
    await expectRefused(await forge((h) => h.set(1, -35)), trust, 'algorithm-not-allowed');
    await expectRefused(await forge((h) => h.set(1, 5)), trust, 'malformed');
    await expectRefused(await forge((h) => h.set(3, 'application/json')), trust, 'payload-type-differs');
    await expectRefused(await forge((h) => h.delete(2)), trust, 'malformed');
    await expectRefused(await forge((h) => h.set(2, ['io.cncf.notary.signingTime'])), trust, 'malformed');
    await expectRefused(
      await forge((h) => {
        h.set(2, ['io.cncf.notary.signingScheme', 'com.example.plugin']);
        h.set('com.example.plugin', true);
      }),
      trust,
      'critical-unknown',
    );
    await expectRefused(
      await forge((h) => h.set('io.cncf.notary.signingScheme', 'notary.x509.signingAuthority')),
      trust,
      'malformed',
    );
  });

  it('refuses a JWS without signature, or with an algorithm that needs none', async () => {
    const { material, authority } = await signed();
    const edit = (change: (jws: Record<string, string>) => void) =>
      changed(material, (one) => {
        const jws = JSON.parse(new TextDecoder().decode(one.content));
        change(jws);
        return { ...one, content: utf8(canonicalJson(jws)) };
      });
    const none = Buffer.from(
      '{"alg":"none","cty":"application/vnd.cncf.notary.payload.v1+json","crit":["io.cncf.notary.signingScheme"],"io.cncf.notary.signingScheme":"notary.x509","io.cncf.notary.signingTime":"2026-06-01T12:00:00Z"}',
    ).toString('base64url');
    await expectRefused(
      edit((jws) => {
        jws['protected'] = none;
      }),
      trusting(authority),
      'malformed',
    );
    await expectRefused(
      edit((jws) => {
        jws['signature'] = '';
      }),
      trusting(authority),
      'malformed',
    );
  });
});
