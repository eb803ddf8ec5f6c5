import { expect, it } from 'vitest';
import type { FolderKind } from '../../../lib/sbom/catalogers/cataloger.ts';
import { createFileTreeWriter } from '../../../lib/sbom/layers/file-tree.ts';
import { folderOfMark, markFolders } from '../../../lib/sbom/merge/mark-folders.ts';
import { SparseTree } from '../../../lib/sbom/merge/sparse-tree.ts';

const kind: FolderKind = { id: 'k', below: 'a/store', accepts: (name) => !name.startsWith('.') };

function marked(entries: readonly (readonly [directory: string, name: string])[], most?: number) {
  const writer = createFileTreeWriter();
  for (const [directory, name] of entries) writer.add(directory, { type: 'file', name, size: 1 });
  const tree = new SparseTree();
  const all = markFolders(tree, { text: writer.text(), layer: 3 }, [kind], most);
  return { all, folders: [...tree.leaves()].map((leaf) => folderOfMark(leaf.path)) };
}

it('marks what is right below the store, once, however deep its files are', () => {
  const entries = [
    ['a/store/one/bin', 'x'],
    ['a/store/one/lib/deep', 'y'],
    ['x/a/store', 'two'],
    ['a/store/.links/z', 'z'],
    ['ba/store/three', 'no'],
    ['a/stores/four', 'no'],
    ['a', 'store'],
  ] as const;
  expect(marked(entries)).toEqual({ all: true, folders: ['a/store/one', 'x/a/store/two'] });
});

it('leaves out what is too many, and says so', () => {
  const entries = ['one', 'two', 'three'].map((name) => ['a/store', name] as const);
  expect(marked(entries, 3).folders).toHaveLength(3);
  expect(marked(entries, 2)).toEqual({ all: false, folders: ['a/store/one', 'a/store/two'] });
});
