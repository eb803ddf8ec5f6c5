import type { Digest } from '../../core/digest.ts';

interface Content {
  readonly bytes: number;
  readonly users: Set<string>;
}

/** Which images use which contents, each content counted once however many do. */
export interface SharedContents {
  /** Replaces what the image uses. */
  set(key: string, contents: ReadonlyMap<Digest, number>): void;
  add(key: string, digest: Digest, bytes: number): void;
  /** Returns what nobody uses any more. */
  remove(key: string): readonly Digest[];
  has(key: string): boolean;
  keys(): Iterable<string>;
  contentsOf(key: string): Iterable<Digest>;
  users(digest: Digest): ReadonlySet<string>;
  bytesOf(digest: Digest): number;
  /** Bytes that would go with the image. */
  ownBytes(key: string): number;
  /** Its part of the bytes where each content is paid by all that use it. Over all images, every byte counts once. */
  fairBytes(key: string): number;
  readonly images: number;
  totalBytes(): number;
}

export function createSharedContents(): SharedContents {
  const graphs = new Map<string, Set<Digest>>();
  const contents = new Map<Digest, Content>();
  let total = 0;

  const leave = (key: string, digest: Digest): boolean => {
    const content = contents.get(digest);
    if (content === undefined) return false;
    content.users.delete(key);
    if (content.users.size > 0) return false;
    contents.delete(digest);
    total -= content.bytes;
    return true;
  };
  const add = (key: string, digest: Digest, bytes: number): void => {
    const graph = graphs.get(key) ?? new Set();
    graphs.set(key, graph.add(digest));
    const known = contents.get(digest);
    if (known !== undefined) return void known.users.add(key);
    contents.set(digest, { bytes, users: new Set([key]) });
    total += bytes;
  };
  const sum = (key: string, part: (content: Content) => number): number => {
    let bytes = 0;
    for (const digest of graphs.get(key) ?? []) {
      const content = contents.get(digest);
      if (content !== undefined) bytes += part(content);
    }
    return bytes;
  };
  return {
    set(key, wanted) {
      const before = graphs.get(key);
      for (const [digest, bytes] of wanted) add(key, digest, bytes);
      if (before === undefined) return void (graphs.has(key) || graphs.set(key, new Set()));
      for (const digest of [...before]) {
        if (wanted.has(digest)) continue;
        before.delete(digest);
        leave(key, digest);
      }
    },
    add,
    remove(key) {
      const gone = [...(graphs.get(key) ?? [])].filter((digest) => leave(key, digest));
      graphs.delete(key);
      return gone;
    },
    has: (key) => graphs.has(key),
    keys: () => graphs.keys(),
    contentsOf: (key) => graphs.get(key) ?? [],
    users: (digest) => contents.get(digest)?.users ?? new Set(),
    bytesOf: (digest) => contents.get(digest)?.bytes ?? 0,
    ownBytes: (key) => sum(key, ({ bytes, users }) => (users.size === 1 ? bytes : 0)),
    fairBytes: (key) => sum(key, ({ bytes, users }) => bytes / users.size),
    get images() {
      return graphs.size;
    },
    totalBytes: () => total,
  };
}
