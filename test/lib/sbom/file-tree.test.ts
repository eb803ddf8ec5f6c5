import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFileTreeWriter, readFileTree, type TreeEntry } from '../../../lib/sbom/layers/file-tree.ts';

const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => !/[/\0]/.test(text));
const entry: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc.record({ type: fc.constant('file' as const), name, size: fc.maxSafeNat() }),
  fc.record({ type: fc.constantFrom('directory' as const, 'node' as const, 'whiteout' as const), name }),
  fc.constant({ type: 'opaque' as const }),
  fc.record({ type: fc.constantFrom('symlink' as const, 'hardlink' as const), name, target: fc.string() }),
);

describe('the text of a file tree', () => {
  it('gives back every entry with its directory, in order', () => {
    const place = fc.record({ directory: fc.array(name, { maxLength: 3 }).map((parts) => parts.join('/')), entry });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 20 }), (places) => {
        const writer = createFileTreeWriter();
        const indexes = places.map((one) => writer.add(one.directory, one.entry));
        const read: { directory: string; entry: TreeEntry }[] = [];
        readFileTree(writer.text(), (directory, one, index) => {
          expect(index).toBe(read.length);
          read.push({ directory, entry: one });
        });
        expect(read).toEqual(places);
        expect(indexes).toEqual(places.map((_, i) => i));
        expect(writer.length()).toBe(places.length === 0 ? 0 : writer.text().length + 1);
      }),
    );
  });

  it('that was not written here is refused', () => {
    for (const text of ['x', 'f', 'fzz', 'f- name', 'sname', '/dir\n?']) {
      expect(() => readFileTree(text, () => undefined)).toThrowError(/damaged/);
    }
  });
});
