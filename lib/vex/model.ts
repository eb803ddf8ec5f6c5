import { z } from 'zod';
import { digestSchema } from '../events/index.ts';
import { type VexStatement, vexFormats, vexJustifications, vexStatuses } from '../formats/vex/index.ts';

const statementSchema = z.object({
  ids: z.array(z.string()).min(1),
  status: z.enum(vexStatuses),
  justification: z.enum(vexJustifications).optional(),
  detail: z.string().optional(),
  action: z.string().optional(),
  time: z.string(),
  products: z.array(z.object({ names: z.array(z.string()), subcomponents: z.array(z.array(z.string())) })),
});

/** Who says it, and where it was read. */
const originSchema = z.object({
  /** Id of the document. */
  document: z.string(),
  author: z.string(),
  format: z.enum(vexFormats),
  /** How it came here: a file that somebody gave, or a signed attestation beside an image. */
  via: z.enum(['file', 'attestation']),
  /** Who vouches for it: the key of the attestation, or the caller who gave the file. */
  trustedBy: z.string().optional(),
  /** The image that an attestation hangs on. */
  image: digestSchema.optional(),
});
export type VexOrigin = z.infer<typeof originSchema>;

/** A statement with where it comes from: what is kept, and what a decision depends on. */
export const sourcedStatementSchema = z.object({ statement: statementSchema, origin: originSchema });
export interface SourcedStatement {
  readonly statement: VexStatement;
  readonly origin: VexOrigin;
}

/** What VEX says about one finding. */
export const assessmentSchema = z.object({
  status: z.enum(vexStatuses),
  justification: z.enum(vexJustifications).optional(),
  detail: z.string().optional(),
  action: z.string().optional(),
  time: z.string(),
  origin: originSchema,
  /** It was said of an earlier image of the repository, whose package was the very same one. */
  carriedOver: z.boolean().optional(),
});
export type Assessment = z.infer<typeof assessmentSchema>;

/** The image that findings are about, as far as it is known. */
export interface AssessedImage {
  readonly digest?: string | undefined;
  readonly registry?: string | undefined;
  readonly repository?: string | undefined;
}

/** One document as it was taken in for a repository. */
export const vexRecordSchema = z.object({
  schemaVersion: z.literal(1),
  registry: z.string(),
  repository: z.string(),
  origin: originSchema,
  statements: z.array(statementSchema),
  skipped: z.int().nonnegative(),
  addedAt: z.iso.datetime(),
});
export type VexRecord = z.infer<typeof vexRecordSchema>;
