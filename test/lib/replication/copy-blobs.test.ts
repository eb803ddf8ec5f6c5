import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import type { Descriptor } from '../../../lib/formats/oci/index.ts';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../lib/registry/index.ts';
import { copyBlobs } from '../../../lib/replication/copy-blobs.ts';

const MEGABYTE = 1_000_000;
const LAYER = 'application/vnd.oci.image.layer.v1.tar';

/** A target whose uploads end when they are told to, and which reads what it is sent at once. */
async function setup(blobs: number, bytes: number) {
  const source = createMemoryRegistry();
  const descriptors: Descriptor[] = [];
  for (let i = 0; i < blobs; i++) {
    const content = Buffer.alloc(bytes, i);
    const digest = digestOf(content);
    await source.putBlob({ repository: 'from', digest, size: bytes, content });
    descriptors.push({ mediaType: LAYER, digest, size: bytes });
  }
  const memory = createMemoryRegistry();
  const held: (() => void)[] = [];
  const target: Registry = {
    ...memory,
    async putBlob(to, call) {
      await memory.putBlob(to, call);
      await new Promise<void>((resolve) => held.push(resolve));
    },
  };
  const copy = (uploads?: number) =>
    copyBlobs(
      {
        source,
        target,
        from: 'from',
        to: 'to',
        mountFrom: [],
        ...(uploads === undefined ? {} : { limits: { uploads } }),
      },
      descriptors,
    );
  const finish = async (copying: Promise<unknown>): Promise<void> => {
    const state = { done: false };
    const end = copying.finally(() => {
      state.done = true;
    });
    while (!state.done) {
      for (const one of held.splice(0)) one();
      await vi.advanceTimersByTimeAsync(1);
    }
    await end;
  };
  return { copy, held, finish };
}

describe('how many blobs are sent at once', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  const passing = async (ms: number): Promise<void> => {
    await vi.advanceTimersByTimeAsync(ms);
    // What is sent goes through memory, in steps that no timer counts.
    for (let i = 0; i < 200; i++) await Promise.resolve();
  };

  it('is two where bytes move fast', async () => {
    const { copy, held, finish } = await setup(6, 6 * MEGABYTE);
    const copying = copy();
    await passing(99);
    expect(held).toHaveLength(2);
    await passing(1000);
    expect(held).toHaveLength(2);
    await finish(copying);
  });

  it('is four where little has moved by then, and all arrive', async () => {
    const { copy, held, finish } = await setup(6, 1000);
    const copying = copy();
    await passing(99);
    expect(held).toHaveLength(2);
    await passing(1);
    expect(held).toHaveLength(4);
    await finish(copying);
    expect((await copying).map(({ kind }) => kind)).toEqual(Array.from({ length: 6 }, () => 'copied'));
  });

  it.each([1, 3])('is never more than the target may be given (%i)', async (uploads) => {
    const { copy, held, finish } = await setup(6, 1000);
    const copying = copy(uploads);
    await passing(1000);
    expect(held).toHaveLength(uploads);
    await finish(copying);
  });
});
