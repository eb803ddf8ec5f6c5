import { compileGlobs } from '../core/glob.ts';
import type { Provenance, PusherCheck } from './model.ts';

export interface DerivedLevel {
  readonly level: 0 | 1 | 2 | 3;
  /** What it reached, and why it is no higher. */
  readonly reasons: readonly string[];
}

/**
 * The SLSA Build level that provenance reaches (SLSA v1.0, "Security levels", Build track): 1 where it exists and names
 * builder and build type, 2 where a hosted platform's word is authentic, 3 where that platform is known to isolate. What a
 * stranger signed counts for nothing. Where a build's own word is all that ties it to the image, and somebody else pushed
 * that, it is no more than level 1.
 */
export function deriveLevel(
  provenance: Pick<Provenance, 'builder' | 'buildType' | 'authenticity' | 'hosted' | 'signer' | 'distrust'>,
  isolatedBuilders: readonly string[],
  pusher?: PusherCheck,
): DerivedLevel {
  const { builder, buildType, authenticity, hosted, signer } = provenance;
  if (authenticity === 'untrusted') {
    return { level: 0, reasons: [`its signature is not a trusted one (${provenance.distrust ?? 'unknown'})`] };
  }
  if (builder === '' || buildType === '') {
    return { level: 0, reasons: ['it names no builder or no build type'] };
  }
  const reasons = [`built by ${builder}`];
  if (authenticity === 'unsigned') {
    return {
      level: 1,
      reasons: [...reasons, 'level 1: nobody signed it, so whoever pushed the image may have written it'],
    };
  }
  reasons.push(signer === undefined ? AUTHENTIC[authenticity] : `signed by the trusted key of ${signer}`);
  if (pusher !== undefined) reasons.push(pusher.reason);
  if (authenticity === 'token' && pusher?.answer === 'no') {
    return { level: 1, reasons: [...reasons, 'level 1: who pushed it is not who says to have built it'] };
  }
  if (!hosted) {
    return { level: 1, reasons: [...reasons, 'level 1: it was built on a machine of its owner, not of the platform'] };
  }
  if (!compileGlobs(isolatedBuilders)(builder)) {
    return {
      level: 2,
      reasons: [...reasons, 'level 2: the builder is not among those that are known to isolate builds'],
    };
  }
  return {
    level: 3,
    reasons: [...reasons, 'level 3: the builder is known to isolate builds and to keep its keys from them'],
  };
}

const AUTHENTIC = {
  platform: 'told by the platform itself',
  token: 'told with an identity that the platform signed',
  signed: 'signed by a trusted key',
} as const;

export const levelName = (level: DerivedLevel['level']): string => `SLSA_BUILD_LEVEL_${level}`;
