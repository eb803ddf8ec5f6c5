import { z } from 'zod';
import { digestHex, digestOf } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { compileGlobs } from '../core/glob.ts';
import { canonicalJson } from '../core/json.ts';

/** Without an end nobody would ever look at it again; longer than this is as good as none. */
const LONGEST_DAYS = 366;

const text = (most: number) => z.string().trim().min(1).max(most);

/** What is asked for: one vulnerability is accepted in some images until a day. */
export const waiverRequestSchema = z.strictObject({
  /** Id of the vulnerability, or one of its aliases. */
  vulnerability: text(100),
  /** Glob over `registry/repository`; `**` is everywhere. */
  image: text(400).default('**'),
  /** Only in the package of this name; in every package when absent. */
  package: text(200).optional(),
  reason: text(500),
  author: text(200),
  until: z.iso.datetime({ offset: true }),
});
export type WaiverRequest = z.infer<typeof waiverRequestSchema>;

export const waiverSchema = z.object({
  id: z.string().regex(/^w-[0-9a-f]{16}$/),
  vulnerability: z.string(),
  image: z.string(),
  package: z.string().optional(),
  reason: z.string(),
  author: z.string(),
  /** Who asked, as the caller was authenticated. */
  recordedBy: z.string().optional(),
  createdAt: z.iso.datetime(),
  until: z.iso.datetime(),
  removed: z.object({ at: z.iso.datetime(), by: z.string() }).optional(),
});
export type Waiver = z.infer<typeof waiverSchema>;

/**
 * A waiver out of a request. Its id follows from what it says, so that asking twice makes one.
 *
 * @throws LadingError `waiver-invalid`
 */
export function createWaiver(request: WaiverRequest, now: Date, recordedBy?: string): Waiver {
  const until = new Date(request.until);
  const invalid = (why: string): LadingError =>
    new LadingError('waiver-invalid', why, { hint: 'a waiver ends, so that somebody looks at it again' });
  if (until <= now) throw invalid(`the waiver would have ended on ${until.toISOString()}`);
  if (until.getTime() - now.getTime() > LONGEST_DAYS * 86_400_000) {
    throw invalid(`the waiver would last over ${LONGEST_DAYS} days`);
  }
  const said = { ...request, until: until.toISOString() };
  return {
    id: `w-${digestHex(digestOf(canonicalJson(said))).slice(0, 16)}`,
    ...said,
    ...(recordedBy === undefined ? {} : { recordedBy }),
    createdAt: now.toISOString(),
  };
}

export const isInForce = (waiver: Waiver, now: Date): boolean =>
  waiver.removed === undefined && new Date(waiver.until) > now;

/** Whether the waiver is about images of a repository. */
export const concernsRepository = (
  { image }: Pick<Waiver, 'image'>,
  { registry, repository }: { readonly registry: string; readonly repository: string },
): boolean => compileGlobs([image])(`${registry}/${repository}`);

/** Whether the waiver, or an exception of the policy, is about a finding of an image that it concerns. */
export const coversFinding = (
  { vulnerability, package: name }: { readonly vulnerability: string; readonly package?: string | undefined },
  finding: { readonly id: string; readonly aliases: readonly string[]; readonly package: { readonly name: string } },
): boolean =>
  (vulnerability === finding.id || finding.aliases.includes(vulnerability)) &&
  (name === undefined || name === finding.package.name);
