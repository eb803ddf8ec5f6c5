import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import type { ImageLocation } from '../../../lib/core/image-reference.ts';
import { memoryDocuments } from '../../../lib/documents/adapters/memory-documents.ts';
import { documentExternalSboms } from '../../../lib/external-sboms/adapters/document-external-sboms.ts';
import { documentQuality } from '../../../lib/external-sboms/adapters/document-quality.ts';
import { documentSbomRemover } from '../../../lib/external-sboms/adapters/document-sbom-remover.ts';
import { type ForgetPorts, forgetSboms, takeInSbom } from '../../../lib/external-sboms/index.ts';
import { memoryCatalog } from '../../../lib/inventory/adapters/memory-catalog.ts';
import { documentSbomStore } from '../../../lib/sbom/adapters/document-sbom-store.ts';
import { judgeSbom, listSbom, type Sbom } from '../../../lib/sbom/index.ts';

const image = digestOf('image');
const at = { registry: 'r.example', repository: 'team/app', digest: image };
const deleted = { subject: { ...at, tags: [] }, deletedAt: '2026-01-02T00:00:00.000Z' };
const sbomOf = (digest: Digest): Sbom => ({
  schemaVersion: 1,
  generator: { name: 'lading', version: '4' },
  image: digest,
  outcome: 'complete',
  gaps: [],
  layers: [],
  packages: [],
});

const entryOf = (place: ImageLocation) => ({
  ...place,
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  artifactClass: 'image' as const,
  children: [],
  layers: [],
  sizeBytes: 1,
  labels: {},
  pushedAt: '2026-01-01T00:00:00.000Z',
  firstSeenAt: '2026-01-01T00:00:00.000Z',
});

/** A registry of which what is there is a set of digests, and all stores of one stack. */
function setUp() {
  const documents = memoryDocuments();
  const store = documentSbomStore(documents);
  const catalog = memoryCatalog();
  const there = new Set<Digest>();
  const lapsed: string[] = [];
  const statement = digestOf('statement');
  const ports: ForgetPorts = {
    registry: {
      headManifest: async ({ reference }) =>
        there.has(reference as Digest) ? { digest: reference as Digest, mediaType: 'x', size: 1 } : undefined,
      deleteManifest: async ({ digest }) => there.delete(digest),
    },
    catalog,
    sboms: documentSbomRemover(documents),
    attached: async () => [statement],
    ledger: { lapse: async (subject, stages) => void lapsed.push(`${subject} ${stages.join(' ')}`) },
  };
  const push = async (digest: Digest = image): Promise<void> => {
    there.add(digest);
    await catalog.enter(entryOf({ ...at, digest }));
    await store.put(sbomOf(digest), `{"of":"${digest}"}`);
    await documentQuality(documents).put(digest, judgeSbom(listSbom(sbomOf(digest))));
    const content = Buffer.from('{"bomFormat":"CycloneDX","specVersion":"1.6","components":[]}');
    const found = { image: digest, content, origin: 'upload' as const, standing: { kind: 'unsigned' as const } };
    await takeInSbom(documentExternalSboms(documents), found, '2026-01-01T00:00:00.000Z');
  };
  const keys = () => Array.fromAsync(documents.list(''));
  return { ports, catalog, store, there, lapsed, statement, push, keys, documents };
}

describe('the SBOMs of a deleted image', () => {
  it('go with it, with the statements that we attached, and those of other images stay', async () => {
    const { ports, there, statement, push, keys, store } = setUp();
    const other = digestOf('other');
    await push();
    await push(other);
    there.add(statement);
    there.delete(image);
    const before = await keys();
    const forgotten = await forgetSboms(ports, deleted, { evidence: [] });
    expect(forgotten).toMatchObject({
      kind: 'removed',
      events: [{ detailType: 'SBOMs Removed', data: { documents: before.length / 2, referrers: [statement] } }],
    });
    expect(there.has(statement)).toBe(false);
    expect(await keys()).toHaveLength(before.length / 2);
    expect(await store.get(image)).toBeUndefined();
    expect(await store.get(other)).toEqual(sbomOf(other));
  });

  it('stay where the configuration keeps them as evidence', async () => {
    const { ports, there, push, keys } = setUp();
    await push();
    there.delete(image);
    const before = await keys();
    expect(await forgetSboms(ports, deleted, { evidence: ['r.example/team/*'] })).toEqual({
      kind: 'kept',
      why: 'evidence',
    });
    expect(await keys()).toEqual(before);
  });

  it('stay while the image is there, in another repository, or in the archive', async () => {
    const { ports, there, push, catalog, keys } = setUp();
    await push();
    const before = await keys();
    expect(await forgetSboms(ports, deleted, { evidence: [] })).toEqual({ kind: 'kept', why: 'present' });
    there.delete(image);
    await catalog.enter(entryOf({ ...at, repository: 'team/copy' }));
    expect(await forgetSboms(ports, deleted, { evidence: [] })).toEqual({ kind: 'kept', why: 'elsewhere' });
    await catalog.markDeleted({ ...at, repository: 'team/copy' }, '2026-01-02T00:00:00.000Z');
    await catalog.markArchived(at, '2026-01-02T00:00:00.000Z');
    expect(await forgetSboms(ports, deleted, { evidence: [] })).toEqual({ kind: 'kept', why: 'archived' });
    expect(await keys()).toEqual(before);
    await catalog.markArchived(at, undefined);
    expect(await forgetSboms(ports, deleted, { evidence: [] })).toMatchObject({ kind: 'removed' });
  });

  it('go once however often the deletion is told, also after a crash in between', async () => {
    const { ports, there, push, keys } = setUp();
    await push();
    there.delete(image);
    let deletes = 0;
    const documents = ports.sboms;
    const crashing: ForgetPorts = {
      ...ports,
      sboms: {
        removeAll: async (digest) => {
          if (deletes++ === 0) throw new Error('the function was stopped');
          return documents.removeAll(digest);
        },
      },
    };
    await expect(forgetSboms(crashing, deleted, { evidence: [] })).rejects.toThrow('stopped');
    expect(await forgetSboms(crashing, deleted, { evidence: [] })).toMatchObject({ kind: 'removed' });
    const quiet = { ...ports, attached: async () => [] };
    expect(await forgetSboms(quiet, deleted, { evidence: [] })).toEqual({ kind: 'removed', events: [] });
    expect(await keys()).toEqual([]);
  });

  it('are there or will be made again, whenever a push comes in between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 14 }), async (moment) => {
        const { ports, there, push, lapsed, store, documents } = setUp();
        await push();
        there.delete(image);
        let step = 0;
        const interrupted = async (): Promise<void> => {
          if (step++ === moment) await push();
        };
        // The push may come before each question and before each single removal.
        const racing: ForgetPorts = {
          ...ports,
          registry: {
            ...ports.registry,
            headManifest: async (wanted) => {
              await interrupted();
              return ports.registry.headManifest(wanted);
            },
          },
          sboms: documentSbomRemover({
            list: documents.list,
            delete: async (key) => {
              await interrupted();
              await documents.delete(key);
            },
          }),
        };
        const forgotten = await forgetSboms(racing, deleted, { evidence: [] });
        const sbom = await store.get(image).catch(() => undefined);
        if (step > moment) {
          // It is there: whole, or its stage counts as not done.
          if (forgotten.kind === 'returned') expect(lapsed).toContain(`r.example/team/app@${image} sbom attest`);
          else expect(sbom).toEqual(sbomOf(image));
        } else {
          expect(forgotten.kind).toBe('removed');
          expect(sbom).toBeUndefined();
        }
      }),
      { numRuns: 40 },
    );
  });
});
