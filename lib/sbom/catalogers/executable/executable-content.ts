import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { isClassifiedName } from '../binary/classifiers.ts';
import { identifiedSchema } from '../binary/classify-binary.ts';
import { windowsProgramSchema } from '../binary/windows-program.ts';
import { goProgramSchema } from '../go/parse-build-info.ts';
import { crateListSchema } from '../rust/parse-audit-data.ts';

/** What an executable says, to whichever cataloger. A list is absent where it would be empty. */
export const executableSchema = once(() =>
  z.object({
    go: z.array(goProgramSchema()).optional(),
    /** A list for each architecture of the file. */
    rust: z.array(crateListSchema()).optional(),
    binary: z.array(identifiedSchema()).optional(),
    /** One at most. */
    windows: z.array(windowsProgramSchema()).optional(),
    gaps: z
      .array(z.object({ reason: z.enum(['limit', 'unreadable']), code: z.string(), message: z.string() }))
      .optional(),
  }),
);
export type ExecutableContent = z.infer<ReturnType<typeof executableSchema>>;

type Lists = { readonly [Key in keyof ExecutableContent]-?: NonNullable<ExecutableContent[Key]> };

/**
 * A file with the name of a well-known program has a content even where nothing is known of it, so that a hard link to
 * it is known to have been read.
 */
export function toContent(path: string, content: Lists): ExecutableContent | undefined {
  const told = Object.entries(content).filter(([, list]) => list.length > 0);
  return told.length > 0 || isClassifiedName(path) ? Object.fromEntries(told) : undefined;
}
