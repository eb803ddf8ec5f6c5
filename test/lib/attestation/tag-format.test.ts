import { describe, expect, it } from 'vitest';
import { type AttestPorts, attestImage, predicateTypes } from '../../../lib/attestation/index.ts';
import { parseManifest } from '../../../lib/formats/oci/index.ts';
import { parseSigstoreBundle } from '../../../lib/formats/sigstore-bundle/index.ts';
import { cosignTags, type Registry } from '../../../lib/registry/index.ts';
import {
  createAttestation,
  fetchMaterial,
  parseVerificationKey,
  pushRecorded,
  verify,
} from '../../../lib/signing/index.ts';
import { classicSigner, NOW, quantumSigner, scanned, setting, trustOf, verdictOf } from './support.ts';

const tagged = trustOf({ attestations: ['cosign-bundle', 'cosign-tag'] });

async function layersOf({ registry, location }: Awaited<ReturnType<typeof setting>>) {
  const [, att = ''] = cosignTags(location.digest);
  const found = await registry.getManifest({ repository: location.repository, reference: att });
  if (found === undefined) return [];
  const manifest = parseManifest(found.bytes, found.mediaType, { digest: found.digest });
  return manifest.kind === 'index' ? [] : manifest.layers;
}

const typesOf = async (given: Awaited<ReturnType<typeof setting>>): Promise<readonly string[]> =>
  (await layersOf(given)).map(({ annotations }) => String(annotations?.['predicateType'])).sort();

const ALL = [predicateTypes.cyclonedx, predicateTypes.vulnerabilities, predicateTypes.verdict].sort();

/** A statement that somebody else put under the tag, as `cosign attest` of old does. */
async function attestedByOthers({ registry, location }: Awaited<ReturnType<typeof setting>>): Promise<void> {
  const descriptor = await registry.headManifest({ repository: location.repository, reference: location.digest });
  if (descriptor === undefined) throw new Error('the image is there');
  const said = { predicateType: 'https://example.com/theirs', predicate: {} };
  const options = { format: 'cosign-tag' } as const;
  await pushRecorded(
    registry,
    await createAttestation(classicSigner(), location, descriptor, said, new Date(NOW), options),
  );
}

describe("statements under cosign's older tag", () => {
  it('are those of the bundles, signed once, and verify by our key', async () => {
    const all = await setting();
    const { ports, documents, subject, signers, registry, location } = all;
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    const outcome = await attestImage(ports, { subject, verdict, version: 'v1' }, tagged);
    if (outcome.kind !== 'attested') throw new Error(outcome.kind);
    expect(await typesOf(all)).toEqual(ALL);
    const material = await fetchMaterial(registry, location, ['cosign-tag']);
    if (material === undefined) throw new Error('the image is there');
    const key = parseVerificationKey((await signers[0]?.publicKey())?.spki ?? '');
    const requirement = { kind: 'attestation', threshold: 1, formats: ['cosign-tag'] } as const;
    const result = verify(
      material,
      { keys: [{ name: 'ours', key }] },
      ALL.map((predicateType) => ({ ...requirement, name: predicateType, predicateType })),
      new Date(NOW),
    );
    expect(result).toMatchObject({ trusted: true, rejections: [] });
    const { content } = parseSigstoreBundle(outcome.verdict.statements[0]?.bundle ?? new Uint8Array());
    const entry = material.artifacts.find(
      ({ annotations }) => annotations.get('predicateType') === predicateTypes.verdict,
    );
    expect(JSON.parse(Buffer.from(entry?.content ?? []).toString())).toMatchObject({
      signatures: [
        {
          sig: content.kind === 'dsse' ? Buffer.from(content.envelope.signatures[0]?.sig ?? []).toString('base64') : '',
        },
      ],
    });
  });

  it('are not there unless they are asked for', async () => {
    const all = await setting();
    const verdict = verdictOf(all.subject, await scanned(all.documents, all.subject.digest));
    await attestImage(all.ports, { subject: all.subject, verdict, version: 'v1' }, trustOf());
    expect(await layersOf(all)).toEqual([]);
  });

  it('are there once, however often and by however many they are said', async () => {
    const all = await setting();
    const { ports, documents, subject } = all;
    const request = { subject, verdict: verdictOf(subject, await scanned(documents, subject.digest)), version: 'v1' };
    await attestImage(ports, request, tagged);
    const before = await layersOf(all);
    await Promise.all(Array.from({ length: 20 }, () => attestImage(ports, request, tagged)));
    expect(await layersOf(all)).toEqual(before);
  });

  it('take the place of what we said before, and of nothing else', async () => {
    const all = await setting();
    const { ports, documents, subject } = all;
    await attestedByOthers(all);
    const verdict = verdictOf(subject, await scanned(documents, subject.digest));
    await attestImage(ports, { subject, verdict, version: 'v1' }, tagged);
    const first = await layersOf(all);
    const later = verdictOf(subject, await scanned(documents, subject.digest, 2), { asOf: '2026-03-01T11:59:30.000Z' });
    await attestImage(ports, { subject, verdict: later, version: 'v2' }, tagged);
    expect(await typesOf(all)).toEqual([...ALL, 'https://example.com/theirs'].sort());
    const second = await layersOf(all);
    const stayed = second.filter(({ digest }) => first.some((one) => one.digest === digest));
    expect(stayed.map(({ annotations }) => annotations?.['predicateType']).sort()).toEqual(
      [predicateTypes.cyclonedx, 'https://example.com/theirs'].sort(),
    );
    const refused = verdictOf(subject, later.scan, { decision: 'deny', asOf: '2026-03-01T11:59:40.000Z' });
    await attestImage(ports, { subject, verdict: refused, version: 'v3' }, tagged);
    expect(await typesOf(all)).toEqual([predicateTypes.verdict, 'https://example.com/theirs'].sort());
  });

  it('are those of the verdict that stands, whichever of several came last', async () => {
    const all = await setting();
    const { ports, documents, subject } = all;
    const verdicts = await Promise.all(
      Array.from({ length: 8 }, async (_, i) =>
        verdictOf(subject, await scanned(documents, subject.digest, i + 1), { asOf: `2026-03-01T11:59:0${i}.000Z` }),
      ),
    );
    const shuffled = [3, 7, 0, 5, 1, 6, 2, 4].map((i) => verdicts[i] as (typeof verdicts)[number]);
    await Promise.all(
      shuffled.map((verdict) => attestImage(ports, { subject, verdict, version: verdict.asOf }, tagged)),
    );
    expect(await typesOf(all)).toEqual(ALL);
    const standing = await all.board.find(subject);
    const { content } = parseSigstoreBundle(standing?.statements[0]?.bundle ?? new Uint8Array());
    if (content.kind !== 'dsse') throw new Error('it is an envelope');
    const layer = (await layersOf(all)).find((one) => one.annotations?.['predicateType'] === predicateTypes.verdict);
    const blob = await all.registry.openBlob({
      repository: subject.repository,
      digest: layer?.digest ?? subject.digest,
    });
    const text = Buffer.concat(await Array.fromAsync(blob)).toString();
    expect(text).toContain(Buffer.from(content.envelope.payload).toString('base64'));
  });

  it('lose nothing, and say nothing twice, wherever the writer dies', async () => {
    // The last write is the one after which there is nothing to repeat.
    for (let dies = 1, finished = false; !finished; dies++) {
      const all = await setting();
      const { documents, subject, registry } = all;
      await attestedByOthers(all);
      const request = { subject, verdict: verdictOf(subject, await scanned(documents, subject.digest)), version: 'v1' };
      const { failing, calls } = dying(registry, dies);
      try {
        await attestImage({ ...all.ports, registry: failing } as AttestPorts, request, tagged);
        finished = calls() < dies;
      } catch (error) {
        expect(String(error)).toContain('it died');
      }
      await attestImage(all.ports, request, tagged);
      expect(await typesOf(all)).toEqual([...ALL, 'https://example.com/theirs'].sort());
      expect(dies).toBeLessThan(60);
    }
  });

  it('leave out what no verifier of that format can verify', async () => {
    const all = await setting({ signers: [classicSigner(), quantumSigner()] });
    const both = trustOf({
      attestations: ['cosign-bundle', 'cosign-tag'],
      algorithms: [{ use: 'both', from: '2026-01-01T00:00:00Z' }],
    });
    const verdict = verdictOf(all.subject, await scanned(all.documents, all.subject.digest));
    await attestImage(all.ports, { subject: all.subject, verdict, version: 'v1' }, both);
    expect(await typesOf(all)).toEqual(ALL);
  });
});

/** A registry whose writer dies after its n-th write, or just before the answer to it: the write is done all the same. */
function dying(registry: Registry, after: number) {
  let count = 0;
  const wrap =
    <A extends unknown[], R>(work: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const done = await work(...args);
      if (++count === after) throw new Error('it died');
      return done;
    };
  const failing = {
    ...registry,
    putBlob: wrap(registry.putBlob.bind(registry)),
    putManifest: wrap(registry.putManifest.bind(registry)),
    attachReferrer: wrap(registry.attachReferrer.bind(registry)),
  };
  return { failing, calls: () => count };
}

describe('the setting', () => {
  it('has bundles always, and first', () => {
    for (const attestations of [
      ['cosign-tag'],
      ['cosign-tag', 'cosign-bundle'],
      [],
      ['cosign-bundle', 'cosign-bundle'],
    ]) {
      expect(() => trustOf({ attestations })).toThrow();
    }
  });
});
