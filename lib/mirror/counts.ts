/** What became of requests under one rule, since the start. */
export interface MirrorCounts {
  /** Answered from what was there, also where only the upstream's word on a tag was asked. */
  readonly hits: number;
  /** Fetched from the upstream. */
  readonly misses: number;
  /** Answered from what was there because the upstream did not answer. */
  readonly stale: number;
  readonly held: number;
  readonly denied: number;
  readonly failed: number;
  /** Bytes of blobs and manifests. */
  readonly bytesFromCache: number;
  readonly bytesFromUpstream: number;
}

export interface MirrorCounter {
  add(prefix: string, what: Partial<MirrorCounts>): void;
  of(prefix: string): MirrorCounts;
}

const none: MirrorCounts = {
  hits: 0,
  misses: 0,
  stale: 0,
  held: 0,
  denied: 0,
  failed: 0,
  bytesFromCache: 0,
  bytesFromUpstream: 0,
};

export function createMirrorCounter(): MirrorCounter {
  const counts = new Map<string, MirrorCounts>();
  const of = (prefix: string): MirrorCounts => counts.get(prefix) ?? none;
  return {
    of,
    add(prefix, what) {
      const sum = { ...of(prefix) };
      for (const [key, value] of Object.entries(what)) sum[key as keyof MirrorCounts] += value;
      counts.set(prefix, sum);
    },
  };
}
