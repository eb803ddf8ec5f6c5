import type { Digest } from '../core/digest.ts';
import { compileGlobs } from '../core/glob.ts';
import type { GateReader, ReleaseLog } from './ports.ts';
import type { MirrorRoute } from './route-repository.ts';

export type Judgement =
  | { readonly kind: 'serve' }
  /** First seen here, and its scan and gate are not done. */
  | { readonly kind: 'held'; readonly retryAfterSeconds: number }
  | { readonly kind: 'refused'; readonly reasons: readonly string[] };

export interface JudgePorts {
  readonly gate: GateReader;
  readonly releases: ReleaseLog;
}

/** A manifest as the mirror knows it. */
export interface JudgedManifest {
  readonly digest: Digest;
  /** Whether a runtime would run it. What else there is (signatures, SBOMs, charts) is never gated, so never held. */
  readonly runs: boolean;
  /** The indexes that name it: one that may be served lets its children be served. */
  readonly parents: readonly Digest[];
}

/**
 * First-seen quarantine: whether a client may have an image that came from an upstream. The clock is ours: no date in
 * the image counts, and a digest that was let out once stays out.
 */
export async function judgeImage(
  ports: JudgePorts,
  { rule, repository, upstreamRepository }: MirrorRoute,
  manifest: JudgedManifest,
  tag: string | undefined,
): Promise<Judgement> {
  const { until, bypass, retryAfterSeconds } = rule.quarantine;
  if (until === 'off' || !manifest.runs) return { kind: 'serve' };
  const isBypassed = compileGlobs(bypass);
  if (isBypassed(repository) || (tag !== undefined && isBypassed(`${repository}:${tag}`))) {
    // Its layers are asked for by digest alone.
    await ports.releases.record(manifest.digest);
    return { kind: 'serve' };
  }
  const upstream = { registry: rule.upstream, repository: upstreamRepository };
  let refused: readonly string[] | undefined;
  for (const digest of [manifest.digest, ...manifest.parents]) {
    if (ports.releases.has(digest)) return { kind: 'serve' };
    const answer = await ports.gate.decisionOn({ repository, upstream, digest });
    if (answer.decision === 'allow') {
      await ports.releases.record(digest);
      return { kind: 'serve' };
    }
    if (answer.decision === 'deny') refused ??= answer.reasons;
  }
  return refused === undefined ? { kind: 'held', retryAfterSeconds } : { kind: 'refused', reasons: refused };
}
