import { describe, expect, it } from 'vitest';
import { memoryCryptoInventory } from '../../../lib/attestation/adapters/memory.ts';
import { type CampaignProgress, requestSignatures, summariseCrypto } from '../../../lib/attestation/index.ts';
import { digestOf } from '../../../lib/core/digest.ts';
import { signatureRequested } from '../../../lib/events/index.ts';

const CLASSIC = { keyId: 'classic', algorithm: 'ecdsa-p256-sha256' };
const QUANTUM = { keyId: 'quantum', algorithm: 'ml-dsa-65' };

function memoryProgress(): CampaignProgress {
  const cursors = new Map<string, string | undefined>();
  return {
    after: async (campaign) => cursors.get(campaign),
    advance: async (campaign, after) => void cursors.set(campaign, after),
  };
}

async function inventory(images: number) {
  const crypto = memoryCryptoInventory();
  const sign = (name: string, key: typeof CLASSIC): Promise<void> =>
    crypto.note({
      subject: { registry: 'r.example', repository: 'app', digest: digestOf(name), mediaType: 'm', tags: [] },
      ...key,
      signature: digestOf(`${name} ${key.keyId}`),
      notedAt: '2026-03-01T00:00:00.000Z',
    });
  const names = Array.from({ length: images }, (_, i) => `image ${i}`);
  for (const name of names) await sign(name, CLASSIC);
  const nameOf = new Map(names.map((name) => [digestOf(name) as string, name]));
  return { crypto, sign, nameOf };
}

describe('a campaign for missing signatures', () => {
  it('asks for each once it is made known, so many a run, until none is missing', async () => {
    const { crypto, sign, nameOf } = await inventory(50);
    const ports = { crypto, progress: memoryProgress(), isGone: async () => false };
    const asked: string[] = [];
    for (let run = 0; run < 6; run++) {
      const { events, settle } = await requestSignatures(ports, [CLASSIC, QUANTUM], 10);
      expect(events.length).toBeLessThanOrEqual(10);
      for (const { data } of events) {
        const { subject, missing } = signatureRequested.data.parse(data);
        expect(missing).toEqual([QUANTUM]);
        const name = nameOf.get(subject.digest) ?? '';
        asked.push(name);
        await sign(name, QUANTUM);
      }
      await settle();
    }
    expect(asked).toHaveLength(50);
    expect(new Set(asked).size).toBe(50);
    const again = await requestSignatures(ports, [CLASSIC, QUANTUM], 10);
    expect(again).toMatchObject({ events: [], looked: 50 });
  });

  it('asks again after a crash, and comes back to what was not made', async () => {
    const { crypto } = await inventory(5);
    const ports = { crypto, progress: memoryProgress(), isGone: async () => false };
    const first = await requestSignatures(ports, [QUANTUM], 3);
    // It crashed before it settled: the same images are asked for.
    const second = await requestSignatures(ports, [QUANTUM], 3);
    expect(second.events).toEqual(first.events);
    await second.settle();
    const third = await requestSignatures(ports, [QUANTUM], 3);
    expect(third.events).toHaveLength(2);
    await third.settle();
    // None was made: the next round asks for all of them once more.
    expect((await requestSignatures(ports, [QUANTUM], 10)).events).toHaveLength(5);
  });

  it('leaves images alone that are gone, and those that have what is asked', async () => {
    const { crypto, sign } = await inventory(3);
    await sign('image 0', QUANTUM);
    const gone = digestOf('image 1');
    const ports = {
      crypto,
      progress: memoryProgress(),
      isGone: async ({ digest }: { digest: string }) => digest === gone,
    };
    const { events } = await requestSignatures(ports, [CLASSIC, QUANTUM], 10);
    expect(events.map(({ data }) => signatureRequested.data.parse(data).subject.digest)).toEqual([digestOf('image 2')]);
  });

  it('is a matter of configuration alone: another key is asked of every image', async () => {
    const { crypto } = await inventory(4);
    const ports = { crypto, progress: memoryProgress(), isGone: async () => false };
    const rotated = { keyId: 'classic 2', algorithm: CLASSIC.algorithm };
    expect((await requestSignatures(ports, [rotated], 10)).events).toHaveLength(4);
  });
});

it('the inventory tells who is signed by what, and what is missing', async () => {
  const { crypto, sign } = await inventory(4);
  await sign('image 0', QUANTUM);
  const summary = await summariseCrypto(crypto, [CLASSIC, QUANTUM]);
  expect(summary).toMatchObject({
    images: 4,
    byAlgorithm: { 'ecdsa-p256-sha256': 4, 'ml-dsa-65': 1 },
    missing: { images: 3 },
  });
  expect(summary.byKey.map(({ keyId, images }) => `${keyId} ${images}`).sort()).toEqual(['classic 4', 'quantum 1']);
  expect(summary.missing.examples).toHaveLength(3);
});
