import { z } from 'zod';
import type { Digest } from '../../core/digest.ts';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { absentIfNull, digestSchema, stringMapSchema } from './descriptor.ts';

/** Largest image configuration that is read, in bytes. Real ones have a few kilobytes; the longest histories, 100. */
const MAX_CONFIG_BYTES = 8 * 1024 * 1024;

const text = absentIfNull(z.string());
const texts = absentIfNull(z.array(z.string()));

const historySchema = z.object({
  created: text,
  created_by: text,
  author: text,
  comment: text,
  empty_layer: absentIfNull(z.boolean()),
});

/** OCI image specification 1.1, "OCI Image Configuration"; Docker's is the same in what is read here. */
const configSchema = z.object({
  architecture: text,
  os: text,
  'os.version': text,
  variant: text,
  created: text,
  author: text,
  config: absentIfNull(
    z.object({
      User: text,
      Env: texts,
      Entrypoint: absentIfNull(z.union([z.array(z.string()), z.string().transform((s) => [s])])),
      Cmd: absentIfNull(z.union([z.array(z.string()), z.string().transform((s) => [s])])),
      WorkingDir: text,
      Labels: absentIfNull(stringMapSchema),
      ExposedPorts: absentIfNull(z.custom<Readonly<Record<string, unknown>>>((v) => typeof v === 'object')),
    }),
  ),
  rootfs: absentIfNull(z.object({ diff_ids: absentIfNull(z.array(digestSchema)) })),
  history: absentIfNull(z.array(historySchema)),
});

export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
  readonly created?: string;
  readonly author?: string;
  readonly user?: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir?: string;
  /** Keys are a stranger's; the object has no prototype. */
  readonly labels: Readonly<Record<string, string>>;
  readonly exposedPorts: readonly string[];
  /** Digests of the uncompressed layers, lowest first. */
  readonly diffIds: readonly Digest[];
  readonly history: readonly ImageHistory[];
}

interface ImageHistory {
  readonly created?: string;
  readonly createdBy?: string;
  readonly comment?: string;
  /** The step made no layer. */
  readonly emptyLayer: boolean;
}

/**
 * Reads the configuration of an image. Digest and size are the concern of who fetched it (`openBlob` checks both).
 *
 * @throws LadingError `image-config-invalid`
 * @throws LimitExceededError over 8 MiB
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new LimitExceededError('image-config-bytes', `the image configuration has ${bytes.length} bytes, over 8 MiB`);
  }
  const invalid = (why: string, cause: unknown): LadingError =>
    new LadingError('image-config-invalid', `the image configuration is not acceptable: ${why}`, { cause });
  let document: unknown;
  try {
    document = parseJsonStrict(bytes, { maxBytes: MAX_CONFIG_BYTES, what: 'the image configuration' });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'not JSON', error);
  }
  const result = configSchema.safeParse(document);
  if (result.success) return toImageConfig(result.data);
  const issue = result.error.issues[0];
  throw invalid(`${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'invalid'}`, result.error);
}

function toImageConfig(data: z.infer<typeof configSchema>): ImageConfig {
  const run = data.config;
  return {
    os: data.os ?? '',
    architecture: data.architecture ?? '',
    ...given('variant', data.variant),
    ...given('osVersion', data['os.version']),
    ...given('created', data.created),
    ...given('author', data.author),
    ...given('user', run?.User),
    env: run?.Env ?? [],
    entrypoint: run?.Entrypoint ?? [],
    cmd: run?.Cmd ?? [],
    ...given('workingDir', run?.WorkingDir),
    labels: run?.Labels ?? Object.create(null),
    exposedPorts: Object.keys(run?.ExposedPorts ?? {}),
    diffIds: data.rootfs?.diff_ids ?? [],
    history: (data.history ?? []).map((step) => ({
      ...given('created', step.created),
      ...given('createdBy', step.created_by),
      ...given('comment', step.comment),
      emptyLayer: step.empty_layer ?? false,
    })),
  };
}

const given = <K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } =>
  value === undefined || value === '' ? {} : ({ [key]: value } as { readonly [P in K]: string });
