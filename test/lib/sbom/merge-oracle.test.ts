import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Digest, digestOf } from '../../../lib/core/digest.ts';
import { fileKinds, matchKind } from '../../../lib/sbom/catalogers/index.ts';
import { packageJsonFile } from '../../../lib/sbom/catalogers/npm/parse-package-json.ts';
import { defaultLayerLimits } from '../../../lib/sbom/layers/limits.ts';
import { readLayer } from '../../../lib/sbom/layers/read-layer.ts';
import { mergeLayers } from '../../../lib/sbom/merge/merge-layers.ts';
import type { TarEntryInput } from '../../support/tar-writer.ts';
import { buildLayer } from './image-builder.ts';

/**
 * The plainest way to apply layers: one map from full path to what is there, all of it kept, nothing clever. It is slow and
 * easy to believe, and the merge has to agree with it.
 */
class PlainFileSystem {
  readonly at = new Map<
    string,
    { type: 'directory' } | { type: 'link'; target: string } | { type: 'file'; text: string }
  >();

  applyLayer(entries: readonly TarEntryInput[]): void {
    const parsed = entries.map((entry) => ({ entry, parts: clean(entry.path) }));
    for (const { parts } of parsed) this.#whiteout(parts);
    for (const { entry, parts } of parsed) this.#put(entry, parts);
  }

  #whiteout(parts: string[]): void {
    const base = parts.at(-1) ?? '';
    if (!base.startsWith('.wh.')) return;
    const directory = this.resolve(parts.slice(0, -1));
    if (directory === undefined) return;
    if (base === '.wh..wh..opq') {
      if (directory === '' || this.at.get(directory)?.type === 'directory') this.#removeBelow(directory);
    } else if (!base.startsWith('.wh..wh.') && !['', '.', '..'].includes(base.slice(4))) {
      this.#remove(join(directory, base.slice(4)));
    }
  }

  #put(entry: TarEntryInput, parts: string[]): void {
    const base = parts.at(-1);
    if (base === undefined || base.startsWith('.wh.')) return;
    const directory = this.resolve(parts.slice(0, -1));
    if (directory === undefined) return;
    const path = join(directory, base);
    const linked = entry.type === 'hardlink' ? this.resolve(clean(entry.linkname ?? '')) : undefined;
    const content = linked === undefined ? undefined : this.at.get(linked);
    this.#makeDirectories(directory);
    if (entry.type === 'directory') {
      if (this.at.get(path)?.type !== 'directory') this.#remove(path);
      this.at.set(path, { type: 'directory' });
      return;
    }
    this.#remove(path);
    if (entry.type === 'symlink') this.at.set(path, { type: 'link', target: entry.linkname ?? '' });
    else if (entry.type === 'hardlink') {
      if (content?.type === 'file') this.at.set(path, content);
    } else this.at.set(path, { type: 'file', text: String(entry.content ?? '') });
  }

  #makeDirectories(path: string): void {
    const parts = path === '' ? [] : path.split('/');
    for (let i = 1; i <= parts.length; i++) {
      const above = parts.slice(0, i).join('/');
      if (this.at.get(above)?.type === 'directory') continue;
      this.#remove(above);
      this.at.set(above, { type: 'directory' });
    }
  }

  #remove(path: string): void {
    this.at.delete(path);
    this.#removeBelow(path);
  }

  #removeBelow(path: string): void {
    const prefix = path === '' ? '' : `${path}/`;
    for (const other of [...this.at.keys()]) if (other.startsWith(prefix) && other !== path) this.at.delete(other);
  }

  /** Follows links in all parts; undefined for a circle. */
  resolve(parts: readonly string[]): string | undefined {
    let real: string[] = [];
    let rest = [...parts];
    for (let links = 0; rest.length > 0; ) {
      const part = rest.shift() as string;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        real.pop();
        continue;
      }
      const here = this.at.get([...real, part].join('/'));
      if (here?.type !== 'link') {
        real.push(part);
        continue;
      }
      links++;
      if (links > 40) return undefined;
      if (here.target.startsWith('/')) real = [];
      rest = [...here.target.split('/'), ...rest];
    }
    return real.join('/');
  }
}

const join = (directory: string, name: string): string => (directory === '' ? name : `${directory}/${name}`);

function clean(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}

const directory = fc
  .array(fc.constantFrom('a', 'b', 'a', 'b', 'package.json'), { maxLength: 3 })
  .map((parts) => parts.join('/'));
const inside = (base: fc.Arbitrary<string>) => fc.tuple(directory, base).map(([dir, name]) => join(dir, name));
let serial = 0;
const manifest = inside(fc.constant('package.json')).map((path) => {
  serial++;
  return { path, content: JSON.stringify({ name: `p${serial % 7}`, version: `${serial}.0.0` }) };
});
const target = fc.oneof(
  directory,
  directory.map((path) => `/${path}`),
  directory.map((path) => `../${path}`),
);
const entry: fc.Arbitrary<TarEntryInput> = fc.oneof(
  { weight: 6, arbitrary: manifest },
  {
    weight: 2,
    arbitrary: inside(fc.constantFrom('a', 'b', 'readme')).map((path) => ({ path, content: 'plain' })),
  },
  {
    weight: 2,
    arbitrary: inside(fc.constantFrom('a', 'b')).map((path) => ({ path, type: 'directory' as const })),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(inside(fc.constantFrom('a', 'b', 'package.json')), target)
      .map(([path, linkname]) => ({ path, type: 'symlink' as const, linkname })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(inside(fc.constant('package.json')), inside(fc.constant('package.json')))
      .map(([path, linkname]) => ({ path, type: 'hardlink' as const, linkname })),
  },
  {
    weight: 2,
    arbitrary: inside(fc.constantFrom('.wh.a', '.wh.b', '.wh.package.json')).map((path) => ({
      path,
    })),
  },
  { weight: 1, arbitrary: inside(fc.constant('.wh..wh..opq')).map((path) => ({ path })) },
  {
    weight: 1,
    arbitrary: inside(fc.constant('package.json')).map((path) => ({
      path: `../x/../${path}`,
      content: '{"name":"up","version":"1"}',
    })),
  },
);

describe('merging layers', () => {
  it('agrees with applying them one by one to a plain file system', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(entry, { minLength: 1, maxLength: 7 }), { minLength: 1, maxLength: 4 }),
        async (layers) => {
          const plain = new PlainFileSystem();
          const read = [];
          for (const entries of layers) {
            plain.applyLayer(entries);
            const { blob, descriptor } = buildLayer(entries);
            const open = async function* () {
              yield blob;
            };
            const reading = await readLayer(descriptor, open, { kinds: fileKinds, limits: defaultLayerLimits });
            if (reading.status !== 'read') throw new Error(reading.message);
            read.push({ digest: descriptor.digest, inventory: reading.inventory });
          }
          const merged = mergeLayers(read, matchKind);
          const seen = merged
            .ofKind(packageJsonFile)
            .map((file) => [file.path, `${file.content.name}@${file.content.version}`]);
          const expected = [...plain.at]
            .filter(
              ([path, node]) => node.type === 'file' && /(^|\/)package\.json$/.test(path) && node.text.startsWith('{'),
            )
            .map(([path, node]) => {
              const { name, version } = JSON.parse(node.type === 'file' ? node.text : '{}');
              return [path, `${name}@${version}`];
            });
          expect(new Map(seen as [string, string][])).toEqual(new Map(expected as [string, string][]));
          for (const path of ['a/package.json', 'b/a/package.json', 'a/../b/package.json']) {
            const real = plain.resolve(path.split('/'));
            const node = real === undefined ? undefined : plain.at.get(real);
            const expectedPath = node?.type === 'file' && /(^|\/)package\.json$/.test(real ?? '') ? real : undefined;
            expect(merged.at(packageJsonFile, path)?.path).toBe(expectedPath);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});

it('takes part without a layer that could not be read', () => {
  const merged = mergeLayers([{ digest: digestOf('x') satisfies Digest, inventory: undefined }], matchKind);
  expect(merged.ofKind(packageJsonFile)).toEqual([]);
});
