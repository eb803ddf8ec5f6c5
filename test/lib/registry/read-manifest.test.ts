import { describe, expect, it } from 'vitest';
import { createMemoryRegistry } from '../../../lib/registry/adapters/memory.ts';
import { createKnownManifests, type Registry, walkClosedGraph } from '../../../lib/registry/index.ts';
import { pushImage } from '../../contract/registry.contract.ts';

const repository = 'team/app';

/** A registry that tells which manifests were fetched as a whole. */
async function setup() {
  const registry = createMemoryRegistry();
  const image = await pushImage(registry, repository, 'v1');
  const fetched: string[] = [];
  const reader: Registry = {
    ...registry,
    getManifest: (at, call) => {
      fetched.push(at.reference);
      return registry.getManifest(at, call);
    },
  };
  return { registry, reader, image, fetched };
}

describe('a manifest that was read before', () => {
  it('is asked for and not read again, and the graph is the same', async () => {
    const { reader, image, fetched } = await setup();
    const known = createKnownManifests();
    const at = { repository, digest: image.digest };
    const first = await walkClosedGraph(reader, at, { known });
    const second = await walkClosedGraph(reader, at, { known });
    expect(second).toEqual(first);
    expect(fetched).toEqual([image.digest]);
    await walkClosedGraph(reader, at);
    expect(fetched).toEqual([image.digest, image.digest]);
  });

  it('is missing where the registry does not hold it any more', async () => {
    const { registry, reader, image } = await setup();
    const known = createKnownManifests();
    const at = { repository, digest: image.digest };
    await walkClosedGraph(reader, at, { known });
    await registry.deleteManifest(at);
    expect(await walkClosedGraph(reader, at, { known })).toBeUndefined();
  });

  it.each([{ size: 1 }, { mediaType: 'application/vnd.example' }])(
    'is read again where the registry says otherwise of it: %o',
    async (other) => {
      const { reader, image, fetched } = await setup();
      const known = createKnownManifests();
      const at = { repository, digest: image.digest };
      await walkClosedGraph(reader, at, { known });
      const liar: Registry = {
        ...reader,
        headManifest: async (of, call) => {
          const head = await reader.headManifest(of, call);
          return head && { ...head, ...other };
        },
      };
      await walkClosedGraph(liar, at, { known });
      expect(fetched).toEqual([image.digest, image.digest]);
    },
  );

  it('is forgotten where too many came after it', async () => {
    const { reader, image, fetched } = await setup();
    const other = await pushImage(reader, repository);
    const known = createKnownManifests(Math.max(image.size, other.size));
    for (const { digest } of [image, other, image]) await walkClosedGraph(reader, { repository, digest }, { known });
    expect(fetched).toEqual([image.digest, other.digest, image.digest]);
  });
});
