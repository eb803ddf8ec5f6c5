import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { canonicalJson } from '../../../../lib/core/json.ts';
import {
  type BundleImage,
  importBundle,
  planBundle,
  rememberDesired,
  siteTrust,
} from '../../../../lib/edge/bundle/index.ts';
import { layOutBundle } from '../../../../lib/edge/bundle/lay-out-bundle.ts';
import type { BundlePlan } from '../../../../lib/edge/bundle/plan-bundle.ts';
import { createMemoryRegistry } from '../../../../lib/registry/adapters/memory.ts';
import type { Registry } from '../../../../lib/registry/index.ts';
import { seededRandom } from '../../../support/random.ts';
import { closureOf, pushRandomRepository } from '../../../support/random-graphs.ts';
import { padded, tarArchive, tarEntry, tarHeader } from '../../../support/tar-writer.ts';
import { archiveOf, bundleOf, desiredOf, hubKey, imagesOf, inMemory, NOW } from './fixtures.ts';

const hub = hubKey();
const source = createMemoryRegistry({ host: 'hub.example' });
const images = await imagesOf(source, 'team/app', await pushRandomRepository(source, 'team/app', seededRandom(21)));
const desired = await desiredOf(hub, images);
const { plan, archive } = await bundleOf(source, desired);

/** A site whose registry counts what is written to it. */
function emptySite() {
  const memory = createMemoryRegistry({ host: 'site.example' });
  const written: string[] = [];
  const note = <F extends (...args: never[]) => unknown>(name: string, call: F): F =>
    ((...args: never[]) => {
      written.push(name);
      return call(...args);
    }) as F;
  const site: Registry = {
    ...memory,
    putBlob: note('putBlob', memory.putBlob),
    putManifest: note('putManifest', memory.putManifest),
    attachReferrer: note('attachReferrer', memory.attachReferrer),
  };
  return { site, written };
}

async function take(bytes: Uint8Array, site = emptySite(), name = 'ship-7', key = hub.key) {
  const trust = await siteTrust(site.site, name, [key], NOW);
  return importBundle({ target: site.site, trust }, await inMemory(bytes));
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'taken';
  } catch (error) {
    return isLadingError(error) ? error.code : `not ours: ${String(error)}`;
  }
};

const bundleWith = async (over: Partial<BundlePlan>): Promise<Buffer> => archiveOf(source, { ...plan, ...over });

type Case = readonly [code: string, why: string, bytes: () => Promise<Uint8Array>, site?: string];

describe('a bundle that is refused, before anything is stored', () => {
  const cases: readonly Case[] = [
    ['bundle-foreign-site', 'is for another site', async () => archive, 'ship-8'],
    ['bundle-unsigned', 'has no signed state', async () => bundleWith({ desired: undefined })],
    [
      'edge-signature-invalid',
      'was signed by somebody else',
      async () => bundleWith({ desired: await desiredOf(hubKey(), images) }),
    ],
    [
      'bundle-expired',
      'has ended',
      async () => bundleWith({ desired: await desiredOf(hub, images, { expiresAt: '2026-11-24T11:59:59Z' }) }),
    ],
    [
      'bundle-foreign-content',
      'holds what its state does not name',
      async () => bundleWith({ desired: await desiredOf(hub, images.slice(0, 1)) }),
    ],
    [
      'bundle-foreign-content',
      'sets a tag of its own',
      async () =>
        bundleWith({
          attached: [{ repository: 'team/app', tag: 'latest', digest: (images[0] as BundleImage).digest }],
        }),
    ],
    [
      'bundle-invalid',
      'names a part twice',
      async () => bundleWith({ parts: [...plan.parts, plan.parts[0] as never] }),
    ],
    [
      'bundle-invalid',
      'is another archive',
      async () => tarArchive([{ path: 'oci-layout', content: '{}', mode: 0o600 }]),
    ],
    [
      'bundle-invalid',
      'has a path that leads out',
      async () => tarArchive([{ path: '../../etc/passwd', content: 'x' }]),
    ],
    [
      'bundle-invalid',
      'has a link',
      async () => tarArchive([{ path: 'oci-layout', type: 'symlink', linkname: '/etc' }]),
    ],
    [
      'bundle-invalid',
      'has PAX records',
      async () => tarArchive([{ path: 'oci-layout', content: 'x', pax: { path: 'y' } }]),
    ],
    [
      'bundle-invalid',
      'has a negative size',
      async () => tarHeader({ path: 'oci-layout', typeflag: '0', sizeField: Buffer.alloc(12, 0xff) }),
    ],
    ['bundle-truncated', 'is empty', async () => new Uint8Array()],
    ['limit-exceeded', 'has a list of contents beyond all measure', async () => bomb()],
  ];
  it.each(cases.map(([code, why, bytes, name = 'ship-7']) => ({ code, why, bytes, name })))(
    '$code: it $why',
    async ({ code, bytes, name }) => {
      const site = emptySite();
      expect(await codeOf(take(await bytes(), site, name))).toBe(code);
      expect(site.written).toEqual([]);
    },
  );

  it('bundle-rolled-back: the site has seen a later state, if only that of a bundle that was not whole', async () => {
    const site = emptySite();
    await rememberDesired(site.site, await desiredOf(hub, images, { generation: 4 }), 'verified');
    site.written.length = 0;
    expect(await codeOf(take(archive, site))).toBe('bundle-rolled-back');
    expect(site.written).toEqual([]);
    const next = await desiredOf(hub, images, { generation: 4 });
    expect(await codeOf(take((await bundleOf(source, next)).archive, site))).toBe('taken');
  });

  it('is not taken without a key where it is signed', async () => {
    const { site } = emptySite();
    expect(await codeOf(importBundle({ target: site }, await inMemory(archive)))).toBe('bundle-invalid');
    const unsigned = await planBundle(source, { images, attached: [] }, new Set());
    await importBundle({ target: site }, await inMemory(await archiveOf(source, unsigned)));
    for (const { repository, digest } of images)
      expect((await closureOf(site, repository, digest)).lacking).toEqual([]);
  });
});

/** `lading/contents.json` of a gigabyte, in its header. */
const bomb = async (): Promise<Uint8Array> =>
  Buffer.concat([
    tarEntry({ path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' }),
    tarHeader({ path: 'lading/contents.json', typeflag: '0', size: 1024 ** 3 }),
    padded(Buffer.from('[')),
  ]);

describe('a bundle that was damaged', () => {
  const { headBytes, segments } = layOutBundle(plan);
  const indexAt = archive.indexOf('index.json');
  const isInIndex = (at: number): boolean => at >= indexAt + 512 && at < headBytes;

  it('is refused wherever a byte is another, and nothing wrong is stored', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = Buffer.from(archive);
        bytes[at] = (bytes[at] as number) ^ by;
        const site = emptySite();
        const outcome = await codeOf(take(bytes, site));
        // The index is for other programs; what is stored does not depend on it.
        if (isInIndex(at)) {
          expect(['taken', 'bundle-damaged']).toContain(outcome);
          return;
        }
        expect(outcome).not.toBe('taken');
        expect(outcome).not.toMatch(/^not ours/);
        for (const { repository, tags } of images) {
          for (const tag of tags) {
            const head = await site.site.headManifest({ repository, reference: tag });
            if (head) expect((await closureOf(site.site, repository, head.digest)).lacking).toEqual([]);
          }
        }
      }),
      { numRuns: 120 },
    );
  });

  it('names the part that is damaged', async () => {
    const segment = segments.find(({ kind }) => kind === 'part');
    const bytes = Buffer.from(archive);
    const at = (segment?.offset ?? 0) + 3;
    bytes[at] = (bytes[at] as number) ^ 4;
    await expect(take(bytes)).rejects.toThrow(plan.parts[0]?.digest);
    expect(await codeOf(take(bytes))).toBe('bundle-damaged');
  });

  it('is refused where it is cut short, and where something follows it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(archive.length - 1), async (length) => {
        expect(await codeOf(take(archive.subarray(0, length)))).toBe('bundle-truncated');
      }),
      { numRuns: 60 },
    );
    expect(await codeOf(take(Buffer.concat([archive, Buffer.alloc(512)])))).toBe('bundle-damaged');
  });

  it('does not hand out what its contents say of sizes', async () => {
    const wrong = plan.parts.map((part, i) => (i === 0 ? { ...part, size: part.size + 1 } : part));
    const contents = Buffer.from(
      canonicalJson({
        version: 1,
        attached: [],
        parts: wrong.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
      }),
    );
    const bytes = tarArchive([
      { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
      { path: 'lading/desired-state.json', content: desired.envelope },
      { path: 'lading/contents.json', content: contents },
      { path: 'index.json', content: '{}' },
    ]);
    expect(await codeOf(take(bytes))).toBe('bundle-foreign-content');
  });
});
