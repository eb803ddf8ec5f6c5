import type { Digest } from '../../core/digest.ts';

/** A file of the storage that names a digest: a `link`. */
export interface Link {
  /** `revision`: a manifest. `layer`: a blob that was pushed or mounted there. */
  readonly kind: 'revision' | 'layer';
  readonly digest: Digest;
  /** ms since 1970. */
  readonly writtenAt: number;
}

export interface StoredContent {
  readonly digest: Digest;
  readonly bytes: number;
  /** ms since 1970. */
  readonly writtenAt: number;
}

export interface Upload {
  readonly id: string;
  readonly bytes: number;
  /** When it began, and when anything of it was last written; ms since 1970. */
  readonly startedAt: number;
  readonly writtenAt: number;
}

/** The storage of a registry of the CNCF's distribution project (layout 2), as far as it is read. */
export interface DistributionReader {
  repositories(): AsyncIterable<string>;
  links(repository: string): AsyncIterable<Link>;
  /** Digests that tags name now. */
  tags(repository: string): AsyncIterable<{ readonly tag: string; readonly digest: Digest }>;
  uploads(repository: string): AsyncIterable<Upload>;
  contents(): AsyncIterable<StoredContent>;
  /** Also of one that is condemned. Undefined where it is not there. @throws LimitExceededError over the cap of a manifest */
  manifest(digest: Digest): Promise<Uint8Array | undefined>;
}

/** What is changed of it. */
export interface DistributionWriter {
  putLink(repository: string, link: Pick<Link, 'kind' | 'digest'>): Promise<void>;
  removeLink(repository: string, link: Pick<Link, 'kind' | 'digest'>): Promise<void>;
  removeUpload(repository: string, id: string): Promise<void>;
  /** Takes a content out of the registry's sight, so that it can be put back. False where it is not there any more. */
  condemn(digest: Digest): Promise<boolean>;
  /** Puts it back. Where it was pushed again meanwhile, the new one stays: answers with the bytes of the other. */
  reprieve(digest: Digest): Promise<number>;
  /** Removes what was condemned. Answers with its bytes. */
  execute(digest: Digest): Promise<number>;
  /** What an earlier run condemned and did not come to. */
  condemned(): AsyncIterable<Digest>;
}

export type DistributionStorage = DistributionReader & DistributionWriter;
