import { z } from 'zod';
import { parseJsonStrict } from '../../core/json.ts';
import { once } from '../../core/once.ts';
import { originSchema } from '../model-parts.ts';

/** What SPDX has no field for, as one annotation of a package: our own words, read back for what they are worth. */
const notesSchema = once(() =>
  z.object({
    type: z.string(),
    layer: z.string().optional(),
    origin: originSchema.optional(),
    locations: z.array(z.string()).optional(),
    source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
    /** Where the declared expression does not have them one by one, in their words. */
    licenses: z.array(z.string()).optional(),
    foundBy: z.array(z.string()).optional(),
    platforms: z.array(z.string()).optional(),
    /** What is known of a model or a module besides. */
    about: z.record(z.string(), z.string()).optional(),
  }),
);
export type PackageNotes = Readonly<z.infer<ReturnType<typeof notesSchema>>>;

const PREFIX = 'lading:package ';

/** `<` is escaped, because tag-value texts end at a tag. */
export const writeNotes = (notes: PackageNotes): string => PREFIX + JSON.stringify(notes).replaceAll('<', '\\u003c');

export function readNotes(annotations: readonly string[]): PackageNotes | undefined {
  const ours = annotations.find((text) => text.startsWith(PREFIX));
  if (ours === undefined) return undefined;
  try {
    return notesSchema().safeParse(parseJsonStrict(ours.slice(PREFIX.length), { what: 'an annotation' })).data;
  } catch {
    // Somebody changed it: the package itself still counts.
    return undefined;
  }
}
