import type { Digest } from '../core/digest.ts';
import type { Descriptor } from '../formats/oci/index.ts';
import type { CredentialsConfig } from './credentials/model.ts';

/** `signal` ends the call with the reason of the abort. */
export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ManifestAddress {
  readonly repository: string;
  /** A digest or a tag. */
  readonly reference: string;
}

/** How pieces of content are handed over. */
export interface ContentUse {
  /** A piece is only valid until the next is asked for, or the iteration ends: its memory is used again. @default false */
  readonly lend?: boolean | undefined;
}

export interface ContentAddress {
  readonly repository: string;
  readonly digest: Digest;
}

export interface BlobAddress extends ContentAddress {
  /** Bytes, as the descriptor says. A blob that is shorter or longer is an error, whatever its digest. */
  readonly size?: number;
}

export interface FetchedManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  /** At most 4 MiB, exactly as stored; their digest was verified. Read them with `parseManifest`. */
  readonly bytes: Uint8Array;
}

export interface ManifestHead {
  readonly digest: Digest;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
}

/** First and last byte, both included, counted from 0; without `end`, to the last byte of the blob. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface ManifestReader {
  /** `undefined` where the registry does not hold it. @throws LadingError see `errors.ts` */
  getManifest(at: ManifestAddress, options?: CallOptions): Promise<FetchedManifest | undefined>;
  headManifest(at: ManifestAddress, options?: CallOptions): Promise<ManifestHead | undefined>;
}

export interface BlobReader {
  /**
   * Streams a blob. Every byte is hashed: the last step of the iteration throws `digest-mismatch` where the content is
   * not what the digest says, and reading stops at one byte over `size`. With a range, the number of bytes is checked
   * and the digest cannot be. Each iteration of the answer is a request of its own.
   *
   * @throws LadingError while iterating: `blob-unknown`, `digest-mismatch`, `size-mismatch`, see `errors.ts`
   */
  openBlob(
    at: BlobAddress,
    options?: CallOptions & ContentUse & { readonly range?: ByteRange },
  ): AsyncIterable<Uint8Array>;
  headBlob(at: ContentAddress, options?: CallOptions): Promise<{ readonly size: number } | undefined>;
}

/** Where another program can fetch a blob, and what it needs to say for it. */
export interface BlobLocation {
  readonly url: URL;
  /** At most a token that soon ends and opens this repository alone, to read. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface BlobLocator {
  /**
   * Something to hand to a program that reads layers itself. Passwords are never handed out.
   *
   * @throws LadingError `credentials-not-shared` where the registry takes nothing less; `blob-unknown`
   */
  readonly locateBlob?: (at: ContentAddress, options?: CallOptions) => Promise<BlobLocation>;
}

export interface RegistryLister {
  /** Tags in the registry's order, page by page. A repository that does not exist has none. */
  listTags(repository: string, options?: CallOptions): AsyncIterable<string>;
  listRepositories(options?: CallOptions): AsyncIterable<string>;
  /**
   * Every tag with its digest, and every manifest without tag. Only where the registry's own API can tell (ECR): the
   * distribution API lists tags alone.
   */
  readonly listImages?: (repository: string, options?: CallOptions) => AsyncIterable<ListedImage>;
}

export interface ListedImage {
  readonly digest: Digest;
  readonly tag?: string;
}

export interface ReferrerList {
  readonly descriptors: readonly Descriptor[];
  /** False where there are more than `limit`, or some could not be told: then "none of these" proves nothing. */
  readonly complete: boolean;
  /** `tag`: the registry has no referrers API and the list is the index under the tag `sha256-<hex>`. */
  readonly via: 'api' | 'tag';
}

export interface ReferrerReader {
  /**
   * Manifests whose `subject` is the digest (distribution specification 1.1, "Listing Referrers"). A list out of the
   * fallback tag is checked entry by entry, because anyone may have written that tag.
   *
   * @param options.limit most descriptors that are examined; 50 when absent
   */
  listReferrers(
    of: ContentAddress,
    options?: CallOptions & { readonly artifactType?: string; readonly limit?: number },
  ): Promise<ReferrerList>;
}

export interface RegistryReader extends ManifestReader, BlobReader, BlobLocator, RegistryLister, ReferrerReader {
  /** The name under which the registry stands in references, events and configuration. */
  readonly host: string;
}

export interface ManifestContent {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** A function is called once per attempt, so that an upload which broke off can be repeated. It may lend, if it is told so. */
export type BlobContent = Uint8Array | AsyncIterable<Uint8Array> | ((use?: ContentUse) => AsyncIterable<Uint8Array>);

export interface BlobWriter {
  /** Idempotent. @throws LadingError `digest-mismatch`, `size-mismatch`, `registry-refused` */
  putBlob(
    to: { readonly repository: string; readonly digest: Digest; readonly size: number; readonly content: BlobContent },
    options?: CallOptions,
  ): Promise<void>;
  /** Makes a blob of another repository of this registry appear here; false where it must be uploaded instead. */
  mountBlob(
    to: { readonly repository: string; readonly from: string; readonly digest: Digest },
    options?: CallOptions,
  ): Promise<boolean>;
}

/** An upload that was begun, and how many bytes of it the registry has. */
export interface UploadSession {
  /** Where the registry wants the next bytes: its own word, checked each time that it is used. */
  readonly location: string;
  readonly offset: number;
}

/** Uploads that another process can go on with (distribution specification 1.1, "Pushing a blob in chunks"). */
export interface ResumableUploads {
  begin(repository: string, options?: CallOptions): Promise<UploadSession>;
  /** How far it has come; `undefined` where the registry does not know it any more, or does not say. */
  find(repository: string, location: string, options?: CallOptions): Promise<UploadSession | undefined>;
  append(repository: string, to: UploadSession, bytes: Uint8Array, options?: CallOptions): Promise<UploadSession>;
  /** @throws LadingError where the registry does not take what it has for the digest */
  finish(to: ContentAddress, session: UploadSession, options?: CallOptions): Promise<void>;
}

export interface ManifestWriter {
  /**
   * Stores the bytes exactly as given under the tag or digest. What the manifest names must be there already.
   * Idempotent; the digest that the registry answers is compared with that of the bytes.
   *
   * @throws LadingError `registry-refused`, `tag-immutable`, `digest-mismatch`
   */
  putManifest(to: ManifestAddress & ManifestContent, options?: CallOptions): Promise<{ readonly digest: Digest }>;
  /**
   * Stores a manifest that has a `subject`, by digest, so that `listReferrers` of the subject names it. Where the
   * registry has no referrers API, the index under the fallback tag is rewritten and read back until it holds the
   * entry, by one writer at a time (`SubjectLocks`): the tag has no conditional write.
   */
  attachReferrer(
    to: { readonly repository: string } & ManifestContent,
    options?: CallOptions,
  ): Promise<{ readonly digest: Digest; readonly via: 'api' | 'tag' }>;
}

export interface ManifestRemover {
  /** Deletes the manifest and every tag on it; false where it was not there. Blobs are the registry's to collect. */
  deleteManifest(at: ContentAddress, options?: CallOptions): Promise<boolean>;
  /** Deletes one tag and leaves the manifest (but ECR deletes it with its last tag); false where it was not there. */
  deleteTag(at: { readonly repository: string; readonly tag: string }, options?: CallOptions): Promise<boolean>;
}

export interface RegistryWriter extends BlobWriter, ManifestWriter, ManifestRemover {
  readonly host: string;
  /** Only where the registry keeps what arrived of an upload. */
  readonly uploads?: ResumableUploads;
}

/** An archival storage class within the registry itself, from which nothing is read until it is restored. */
export interface ArchivalClass {
  /** `unknown`: it is not there; `refused`: the registry does not archive such. Idempotent. */
  archive(at: ContentAddress, options?: CallOptions): Promise<'archived' | 'unknown' | 'refused'>;
  /** Begins to restore, which takes its time; gives the digest where the reference is a tag. Idempotent. */
  restore(
    at: ManifestAddress,
    options?: CallOptions,
  ): Promise<{ readonly digest: Digest; readonly state: 'active' | 'activating' } | 'unknown'>;
}

export type Registry = RegistryReader & RegistryWriter & { readonly archivalClass?: ArchivalClass };

/** The registries of the configuration: the only ones that are ever spoken to. */
export interface Registries {
  /** @throws LadingError `registry-unknown` */
  open(host: string): Promise<Registry>;
}

/** What a registry, or its token service, takes as a proof. */
export type RegistryCredentials =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string }
  /** A refresh token: the realm gives bearer tokens for it (distribution, "Authenticate using OAuth2"). */
  | { readonly kind: 'identity-token'; readonly token: string };

/** The credentials of one registry. */
export interface CredentialProvider {
  /** @throws LadingError where the source cannot be read, or what is exchanged for them is refused */
  current(): Promise<{ readonly credentials: RegistryCredentials; readonly expiresAt?: Date }>;
  /** After these were refused: what their source holds now, or undefined where that is the same. */
  renew(refused: RegistryCredentials): Promise<RegistryCredentials | undefined>;
}

export interface Collected {
  /** Blobs that nothing names since now. */
  readonly marked: number;
  /** Blobs that nothing named for long enough. */
  readonly deleted: number;
  readonly bytes: number;
}

/** Deletes what nothing in an archive names. Safe beside archiving and restoring. */
export interface ArchiveCollector {
  /** @throws LadingError where a manifest cannot be read: then nothing is known to be garbage */
  collect(at: { readonly now: Date; readonly graceMs: number }, options?: CallOptions): Promise<Collected>;
}

/** Stores what an archive holds in less room. */
export interface BlobPacker {
  /** `kept`: it is as it was, because nothing is won or its very bytes could not be made again. Idempotent. */
  pack(digest: Digest, options?: CallOptions): Promise<'packed' | 'kept'>;
}

/** Where the credentials of an entry of the configuration come from. */
export type CredentialsOfEntry = (entry: {
  readonly host: string;
  readonly url: URL;
  readonly credentials: CredentialsConfig;
}) => CredentialProvider;

/** How many pulls a registry allows, by its own word. */
export interface PullLimit {
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number;
  readonly at: Date;
}

/** A budget of requests that several processes share. */
export interface RequestBudget {
  /** Takes one request out of the budget of that name; gives the milliseconds after which it may be sent. */
  take(name: string, perSecond: number): Promise<number>;
}

/** One writer at a time for what has no conditional write: the fallback tag of a subject's referrers. */
export interface SubjectLocks {
  /** @throws LadingError `registry-unavailable` (retryable) where another holds it for too long */
  hold<T>(subject: string, work: () => Promise<T>): Promise<T>;
}
