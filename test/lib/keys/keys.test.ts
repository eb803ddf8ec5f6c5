import { describe, expect, it } from 'vitest';
import { manualClock } from '../../../lib/core/clock.ts';
import { memoryKeys } from '../../../lib/keys/adapters/memory-keys.ts';
import { registeredSigner, revokeKey, trustedKeys } from '../../../lib/keys/index.ts';
import { newKey } from '../signing/support.ts';

const clock = manualClock('2026-03-01T00:00:00.000Z');
const as = { purpose: 'signing', resource: 'arn:aws:kms:eu-central-1:0:key/1' } as const;

describe('a key', () => {
  it('is in the register before it first signs, and looked up by what it signed', async () => {
    const register = memoryKeys();
    const { signer, publicPem } = newKey();
    const order: string[] = [];
    const note: typeof register.note = async (key) => {
      order.push('noted');
      await register.note(key);
    };
    const sign: typeof signer.sign = async (payload) => {
      order.push('signed');
      return signer.sign(payload);
    };
    const registered = registeredSigner({ ...signer, sign }, as, { register: { note }, clock });
    await registered.publicKey();
    expect(order).toEqual([]);
    await registered.sign(new Uint8Array(3));
    await registered.sign(new Uint8Array(3));
    expect(order).toEqual(['noted', 'signed', 'signed']);
    expect(await register.all()).toEqual([
      {
        keyId: (await signer.publicKey()).hint,
        pem: publicPem,
        algorithm: 'ecdsa-p256-sha256',
        ...as,
        firstUsedAt: '2026-03-01T00:00:00.000Z',
      },
    ]);
  });

  it('signs nothing that the register does not know of', async () => {
    const { signer } = newKey();
    let down = true;
    const note = async (): Promise<void> => {
      if (down) throw new Error('the table does not answer');
    };
    const registered = registeredSigner(signer, as, { register: { note }, clock });
    await expect(registered.sign(new Uint8Array(1))).rejects.toThrow('does not answer');
    down = false;
    await expect(registered.sign(new Uint8Array(1))).resolves.toBeInstanceOf(Uint8Array);
  });

  it('is out of trust once it is revoked, for good, and told of', async () => {
    const register = memoryKeys();
    const kept = newKey();
    const lost = newKey();
    for (const { signer } of [kept, lost])
      await registeredSigner(signer, as, { register, clock }).sign(new Uint8Array(1));
    const keyId = (await lost.signer.publicKey()).hint;
    const event = await revokeKey({ register, clock }, keyId, 'the laptop was stolen');
    expect(event.data).toEqual({
      keyId,
      algorithm: 'ecdsa-p256-sha256',
      reason: 'the laptop was stolen',
      revokedAt: '2026-03-01T00:00:00.000Z',
    });
    // Neither its use nor another reason brings it back.
    await registeredSigner(lost.signer, as, { register, clock }).sign(new Uint8Array(1));
    expect((await revokeKey({ register, clock }, keyId, 'another')).data).toEqual(event.data);
    expect(trustedKeys(await register.all()).map((key) => key.keyId)).toEqual([(await kept.signer.publicKey()).hint]);
    await expect(revokeKey({ register, clock }, 'unknown', 'x')).rejects.toMatchObject({ code: 'key-unknown' });
  });
});
