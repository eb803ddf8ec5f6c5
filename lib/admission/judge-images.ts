import { mapLimit } from '../core/concurrency.ts';
import type { Digest } from '../core/digest.ts';
import { describeError } from '../core/errors.ts';
import { compileGlobs } from '../core/glob.ts';
import type { ImageReference } from '../core/image-reference.ts';
import type { AdmissionConfig } from './config.ts';
import { parseWorkloadImage } from './parse-workload-image.ts';
import type { TagResolver, TrustJudge } from './ports.ts';

export type ImageFinding =
  | {
      readonly kind: 'trusted' | 'exempt';
      readonly image: string;
      readonly digest?: Digest;
      readonly reference?: ImageReference;
    }
  | { readonly kind: 'distrusted'; readonly image: string; readonly reason: string; readonly detail: string }
  /** It could not be told. */
  | { readonly kind: 'failed'; readonly image: string; readonly detail: string };

export interface JudgePorts {
  readonly tags: TagResolver;
  readonly trust: TrustJudge;
}

const AT_ONCE = 8;

/** Judges every image once, however often it is named. */
export async function judgeImages(
  ports: JudgePorts,
  images: readonly string[],
  config: Pick<AdmissionConfig, 'exempt'>,
): Promise<ReadonlyMap<string, ImageFinding>> {
  const isExempt = compileGlobs(config.exempt);
  const distinct = [...new Set(images)];
  const findings = await mapLimit(distinct, AT_ONCE, (image) => judgeImage(ports, image, isExempt));
  return new Map(findings.map((finding) => [finding.image, finding]));
}

async function judgeImage(
  { tags, trust }: JudgePorts,
  image: string,
  isExempt: (name: string) => boolean,
): Promise<ImageFinding> {
  const reference = parseWorkloadImage(image);
  if (reference === undefined) {
    return { kind: 'distrusted', image, reason: 'name-invalid', detail: 'it is not the name of an image' };
  }
  const { registry, repository, tag } = reference;
  if (isExempt(`${registry}/${repository}`)) return { kind: 'exempt', image, reference };
  try {
    const digest =
      reference.digest ?? (tag === undefined ? undefined : await tags.digestOf({ registry, repository, tag }));
    if (digest === undefined) {
      return { kind: 'distrusted', image, reason: 'tag-unknown', detail: `there is no tag "${tag}" in ${repository}` };
    }
    const decision = await trust.judge({ registry, repository, digest });
    if (decision.kind === 'trusted') return { kind: 'trusted', image, digest, reference };
    return { kind: 'distrusted', image, reason: decision.reason, detail: decision.detail };
  } catch (error) {
    return { kind: 'failed', image, detail: describeError(error) };
  }
}
