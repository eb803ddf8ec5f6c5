import { LadingError } from '../../core/errors.ts';

/**
 * What one entry of a layer does to the file tree, in the order of the archive:
 * `file` and `node` (device, pipe, socket) replace what is there, `directory` merges with a directory, `whiteout` removes
 * a name of the layers below, `opaque` empties the directory of what the layers below had in it.
 */
export type TreeEntry =
  | { readonly type: 'file'; readonly name: string; readonly size: number }
  | { readonly type: 'directory' | 'node' | 'whiteout'; readonly name: string }
  | { readonly type: 'opaque' }
  | { readonly type: 'symlink'; readonly name: string; readonly target: string }
  | { readonly type: 'hardlink'; readonly name: string; readonly target: string };

/**
 * The entries of a layer as one text, because a layer may have a hundred thousand: a line `/<directory>` says where the
 * following lines are, and each of them is a letter, for files the size in base 36 and a space, the name, and for links
 * a tab and the target. Backslash, newline and tab in names are escaped.
 */
export interface FileTreeWriter {
  /** Returns the number of the entry. `directory` is a normal path, empty for the root. */
  add(directory: string, entry: TreeEntry): number;
  /** Characters so far. */
  length(): number;
  text(): string;
}

const LETTERS = {
  file: 'f',
  directory: 'd',
  node: 'n',
  whiteout: 'w',
  opaque: 'o',
  symlink: 's',
  hardlink: 'h',
} as const;

export function createFileTreeWriter(): FileTreeWriter {
  const lines: string[] = [];
  let current = '';
  let length = 0;
  let count = 0;
  const push = (line: string): void => {
    lines.push(line);
    length += line.length + 1;
  };
  return {
    add(directory, entry) {
      if (directory !== current) {
        current = directory;
        push(`/${escapeName(directory)}`);
      }
      push(lineOf(entry));
      return count++;
    },
    length: () => length,
    text: () => lines.join('\n'),
  };
}

function lineOf(entry: TreeEntry): string {
  const letter = LETTERS[entry.type];
  switch (entry.type) {
    case 'file':
      return `${letter}${entry.size.toString(36)} ${escapeName(entry.name)}`;
    case 'opaque':
      return letter;
    case 'symlink':
    case 'hardlink':
      return `${letter}${escapeName(entry.name)}\t${escapeName(entry.target)}`;
    default:
      return `${letter}${escapeName(entry.name)}`;
  }
}

/** Calls `visit` for each entry in order. @throws LadingError `inventory-damaged` where the text was not written by this. */
export function readFileTree(text: string, visit: (directory: string, entry: TreeEntry, index: number) => void): void {
  let directory = '';
  let index = 0;
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    if (text.charCodeAt(at) === 0x2f) directory = unescapeName(text.slice(at + 1, end));
    else visit(directory, entryOf(text.slice(at, end)), index++);
    at = end + 1;
  }
}

function entryOf(line: string): TreeEntry {
  const rest = line.slice(1);
  switch (line[0]) {
    case 'f': {
      const space = rest.indexOf(' ');
      const size = Number.parseInt(rest.slice(0, space), 36);
      if (space < 1 || !Number.isSafeInteger(size) || size < 0) throw damaged();
      return { type: 'file', name: unescapeName(rest.slice(space + 1)), size };
    }
    case 'd':
      return { type: 'directory', name: unescapeName(rest) };
    case 'n':
      return { type: 'node', name: unescapeName(rest) };
    case 'w':
      return { type: 'whiteout', name: unescapeName(rest) };
    case 'o':
      return { type: 'opaque' };
    case 's':
    case 'h': {
      const tab = rest.indexOf('\t');
      if (tab < 0) throw damaged();
      const type = line[0] === 's' ? 'symlink' : 'hardlink';
      return { type, name: unescapeName(rest.slice(0, tab)), target: unescapeName(rest.slice(tab + 1)) };
    }
    default:
      throw damaged();
  }
}

const damaged = (): LadingError =>
  new LadingError('inventory-damaged', 'the file tree of a layer inventory is damaged');

const escapeName = (text: string): string =>
  /[\\\n\t]/.test(text) ? text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t') : text;

const unescapeName = (text: string): string =>
  text.includes('\\')
    ? text.replace(/\\([\\nt])/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : '\\'))
    : text;
