import { z } from 'zod';
import { describeError } from '../../../core/errors.ts';
import { parseJsonStrict } from '../../../core/json.ts';
import { type Descriptor, descriptorSchema } from '../../../formats/oci/index.ts';
import { registryError } from '../../errors.ts';
import { type LayoutFiles, readWhole } from './files.ts';

const MAX_INDEX_BYTES = 32 * 1024 * 1024;

export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Where containerd keeps the full name of an image that it exports. */
const CONTAINERD_NAME = 'io.containerd.image.name';

const layoutSchema = z.object({ imageLayoutVersion: z.literal('1.0.0') });
const indexSchema = z.object({ schemaVersion: z.literal(2), manifests: z.array(z.unknown()) });

export interface LayoutEntry {
  readonly descriptor: Descriptor;
  /** As in the file, with fields that we do not know. */
  readonly raw: unknown;
}

/** OCI image specification 1.1, "OCI Image Layout". @throws LadingError `source-invalid` */
export async function readLayoutIndex(files: LayoutFiles): Promise<readonly LayoutEntry[]> {
  const read = async (path: string): Promise<unknown> => {
    const bytes = await readWhole(files, path, MAX_INDEX_BYTES);
    if (bytes === undefined) throw invalid(files, `it has no file ${path}`);
    return parseJsonStrict(bytes, { what: path });
  };
  try {
    layoutSchema.parse(await read('oci-layout'));
    const { manifests } = indexSchema.parse(await read('index.json'));
    return manifests.map((raw) => ({ descriptor: descriptorSchema.parse(raw), raw }));
  } catch (error) {
    throw error instanceof z.ZodError ? invalid(files, firstIssue(error), error) : asInvalid(files, error);
  }
}

const firstIssue = (error: z.ZodError): string =>
  `${error.issues[0]?.path.join('.') || 'a file'}: ${error.issues[0]?.message ?? 'invalid'}`;

const invalid = (files: LayoutFiles, why: string, cause?: unknown) =>
  registryError('source-invalid', `${files.name} is not an OCI image layout: ${why}`, { cause });

const asInvalid = (files: LayoutFiles, error: unknown): unknown => {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return code === 'source-invalid' || code === 'limit-exceeded' ? error : invalid(files, describeError(error), error);
};

/** The names under which an entry can be asked for. */
export const namesOf = ({ annotations }: Descriptor): readonly string[] =>
  [annotations?.[REF_NAME], annotations?.[CONTAINERD_NAME]].filter((name) => name !== undefined);
