import { RE2JS } from 're2js';
import semver from 'semver';
import { z } from 'zod';
import { artifactClassSchema } from '../events/index.ts';

/** Of names with slashes; see lib/core/glob.ts. */
export const globsSchema = z.array(z.string().min(1).max(300)).min(1).max(50);

/** RE2 syntax, which runs in time linear in the text whatever the pattern; it matches anywhere unless it is anchored. */
export const patternSchema = z
  .string()
  .min(1)
  .max(500)
  .refine(isPattern, { error: 'not a regular expression in RE2 syntax (no look-around, no back-references)' });
const patterns = z.array(patternSchema).min(1).max(50);

function isPattern(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Which images (or tags) a rule is about: all that is said must hold. Something without tags is selected only where
 * nothing is said about tags, or `tagged` asks for it.
 */
export const selectorSchema = z.strictObject({
  tagged: z.enum(['yes', 'no', 'any']).optional(),
  /** Some tag matches one of these globs. */
  tags: globsSchema.optional(),
  /** Each of these globs is matched by some tag. */
  allTags: globsSchema.optional(),
  /** Some tag matches none of these globs. */
  otherTags: globsSchema.optional(),
  /** Some tag matches one of these patterns. */
  tagPatterns: patterns.optional(),
  /** Some tag matches none of these patterns. */
  otherTagPatterns: patterns.optional(),
  /** Some tag is a semantic version in this range (`>=1.2 <2`), pre-releases included; a leading `v` is allowed. */
  versions: z
    .string()
    .max(200)
    .refine((range) => semver.validRange(range) !== null, { error: 'not a range of semantic versions' })
    .optional(),
  /** Some tag looks like one of these. */
  tagClasses: z
    .array(z.enum(['version', 'pre-release', 'date', 'commit', 'word']))
    .min(1)
    .optional(),
  artifactClasses: z.array(artifactClassSchema).min(1).optional(),
  /** One of its platforms (`linux/amd64`) is matched by one of these globs. */
  platforms: globsSchema.optional(),
  /** Labels or annotations, each with the glob that its value matches. */
  labels: z.record(z.string().min(1).max(200), z.string().min(1).max(200)).optional(),
  signed: z.boolean().optional(),
  largerThanBytes: z.int().nonnegative().optional(),
});
export type Selector = z.infer<typeof selectorSchema>;
