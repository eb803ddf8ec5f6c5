import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';

const digestSchema = z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest');
const unidentifiedFileSchema = z.object({
  path: z.string(),
  bytes: z.number(),
  executable: z.boolean(),
  layer: digestSchema,
});
export type UnidentifiedFile = Readonly<z.infer<typeof unidentifiedFileSchema>>;

/** How much of what lies in an image is told of by its packages. */
export const fileCoverageSchema = z.object({
  files: z.number(),
  bytes: z.number(),
  /** Those that lie where a listed package puts its files. */
  attributedFiles: z.number(),
  attributedBytes: z.number(),
  /** Programs, libraries and archives of them that no package is known for, by their names where they were not read. */
  unidentifiedExecutables: z.number(),
  /** What no package is known for, executables first, then the largest; the first hundred. */
  unidentified: z.array(unidentifiedFileSchema).readonly(),
});
export type FileCoverage = Readonly<z.infer<typeof fileCoverageSchema>>;
