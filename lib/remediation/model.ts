import type { Digest } from '../core/digest.ts';
import type { Finding, Severity } from '../vulnerabilities/index.ts';

/** An image as planning needs it. */
export interface PlanImage {
  /** `registry/repository@digest`. */
  readonly key: string;
  readonly registry: string;
  readonly repository: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly platform?: string | undefined;
  readonly pushedAt: string;
  /** Digests of its layers, the lowest first. */
  readonly layers: readonly string[];
  readonly findings: readonly Finding[];
  /** Tells whether two images hold the same packages; absent where it is not known. */
  readonly contents?: string | undefined;
  /** How many instances run, as far as it is known. */
  readonly running: number;
  /** The base that the image names itself (`org.opencontainers.image.base.name`). */
  readonly baseName?: string | undefined;
}

/** One step of a change; what it takes is told by its kind. */
export type Change =
  /** Build again from the same Dockerfile: the distribution's own updates come in. */
  | { readonly kind: 'rebuild' }
  | { readonly kind: 'newer-base'; readonly from: string; readonly to: string; readonly name: string }
  | {
      readonly kind: 'upgrade-package';
      readonly type: string;
      readonly name: string;
      readonly from: string;
      readonly to: string;
    };

export interface RemediationPlan {
  /** The image that is to be replaced. */
  readonly image: string;
  readonly changes: readonly Change[];
  /** Ids of the findings that it clears, each with its package: `CVE-… package`. */
  readonly cleared: readonly string[];
  /** Findings of the newer base that the image does not have now. */
  readonly introduced: readonly string[];
  /** Findings that stay. */
  readonly left: number;
  /** By severity: see `weights`. */
  readonly worth: number;
  /** A rebuild is 1, a line in a Dockerfile or manifest 1 more. */
  readonly cost: number;
  /** Equal for plans that would do the same to the same repository: what was done once is not done again. */
  readonly cause: Digest;
}

/** How much a finding weighs; one critical is worth more than any number of low ones that an image commonly has. */
export const weights: Readonly<Record<Severity, number>> = {
  critical: 100,
  high: 30,
  medium: 5,
  low: 1,
  negligible: 0.1,
  unknown: 2,
};
