import type { Digest } from '../../core/digest.ts';
import { subjectOfTag } from '../../registry/index.ts';
import type { CatalogEntry, RepositoryName, TagBinding } from '../model.ts';
import { type DigestNumbers, TextNumbers } from './digest-numbers.ts';

/**
 * What a repository holds, as columns of numbers: of a hundred thousand tags, a few dozen megabytes where the entries
 * themselves are hundreds. A manifest is its row; lists of all rows lie one after the other, with `…Start` telling where
 * those of a row begin (one more than there are rows). -1 stands for what is absent, NaN for a time that is not known.
 */
export class CompactRepository {
  readonly of: RepositoryName;
  readonly digests: DigestNumbers;
  readonly texts = new TextNumbers();
  /** Numbers of digests, one a manifest. */
  readonly manifest: number[] = [];
  readonly mediaType: number[] = [];
  readonly artifactClass: number[] = [];
  readonly platform: number[] = [];
  readonly subject: number[] = [];
  readonly sizeBytes: number[] = [];
  readonly createdAt: number[] = [];
  readonly pushedAt: number[] = [];
  readonly firstSeenAt: number[] = [];
  readonly config: number[] = [];
  readonly configSize: number[] = [];
  readonly layerStart: number[] = [0];
  readonly layer: number[] = [];
  readonly layerSize: number[] = [];
  readonly childStart: number[] = [0];
  readonly child: number[] = [];
  readonly childPlatform: number[] = [];
  readonly labelStart: number[] = [0];
  /** Name and value by turns. */
  readonly label: number[] = [];
  readonly tag: string[] = [];
  readonly tagDigest: number[] = [];
  readonly tagBoundAt: number[] = [];
  /** Of tags that name the digest that they are about. */
  readonly tagSubject: number[] = [];

  constructor(of: RepositoryName, digests: DigestNumbers) {
    this.of = of;
    this.digests = digests;
  }

  get size(): number {
    return this.manifest.length;
  }

  addEntry(entry: CatalogEntry): void {
    const { digests, texts } = this;
    const optional = (text: string | undefined): number => (text === undefined ? -1 : texts.numberOf(text));
    this.manifest.push(digests.numberOf(entry.digest));
    this.mediaType.push(texts.numberOf(entry.mediaType));
    this.artifactClass.push(texts.numberOf(entry.artifactClass));
    this.platform.push(optional(entry.platform));
    this.subject.push(entry.referrerOf === undefined ? -1 : digests.numberOf(entry.referrerOf));
    this.sizeBytes.push(entry.sizeBytes);
    this.createdAt.push(entry.created === undefined ? Number.NaN : Date.parse(entry.created));
    const pushedAt = Date.parse(entry.pushedAt);
    this.pushedAt.push(pushedAt);
    this.firstSeenAt.push(entry.firstSeenAt === entry.pushedAt ? pushedAt : Date.parse(entry.firstSeenAt));
    this.config.push(entry.config === undefined ? -1 : digests.numberOf(entry.config.digest));
    this.configSize.push(entry.config?.size ?? 0);
    for (const { digest, size } of entry.layers) {
      this.layer.push(digests.numberOf(digest));
      this.layerSize.push(size);
    }
    this.layerStart.push(this.layer.length);
    for (const { digest, platform } of entry.children) {
      this.child.push(digests.numberOf(digest));
      this.childPlatform.push(optional(platform));
    }
    this.childStart.push(this.child.length);
    for (const [name, value] of Object.entries(entry.labels)) {
      this.label.push(texts.numberOf(name), texts.numberOf(value));
    }
    this.labelStart.push(this.label.length);
  }

  /** A tag that was deleted names nothing, and is none. */
  addTag({ tag, digest, boundAt }: TagBinding): void {
    if (digest === undefined) return;
    this.tag.push(tag);
    this.tagDigest.push(this.digests.numberOf(digest));
    this.tagBoundAt.push(Date.parse(boundAt));
    const subject = subjectOfTag(tag)?.digest;
    this.tagSubject.push(subject === undefined ? -1 : this.digests.numberOf(subject));
  }

  digestAt(row: number): Digest {
    return this.digests.digestOf(this.manifest[row] as number);
  }

  /** Of a column of texts. */
  textOf(number: number | undefined): string | undefined {
    return number === undefined || number < 0 ? undefined : this.texts.texts[number];
  }
}
