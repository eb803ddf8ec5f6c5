import { z } from 'zod';
import { LadingError, LimitExceededError } from '../../core/errors.ts';

/** A document in Syft's own JSON, as far as packages need it (anchore/syft, `schema/json`). */
export interface ReadSyft {
  /** Version of the schema. */
  readonly schemaVersion: string;
  readonly tool: { readonly name: string; readonly version?: string | undefined };
  /** What was read: the digest of the image's manifest, where it was an image. */
  readonly source?: { readonly name?: string | undefined; readonly digest?: string | undefined };
  readonly distro?: { readonly id: string; readonly versionId?: string | undefined };
  readonly packages: readonly ReadSyftPackage[];
  /** `from` needs `to`, by the ids of the packages. */
  readonly dependencies: readonly { readonly from: string; readonly to: string }[];
}

export interface ReadSyftPackage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** In Syft's words: `java-archive`, `go-module`. */
  readonly type: string;
  readonly purl?: string;
  readonly cpes: readonly string[];
  /** The expression, where Syft could make one, else the package's own words. */
  readonly licenses: readonly string[];
  readonly locations: readonly { readonly path: string; readonly layer?: string }[];
}

const text = z.string().max(256 * 1024);
const helpful = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
/** `null` is what Go writes for an empty list. */
const list = <T extends z.ZodType>(schema: T) => z.array(schema).nullish().catch(undefined);

const artifactSchema = z.object({
  id: text,
  name: text,
  version: text.nullish(),
  type: text,
  purl: helpful(text),
  // Texts until schema 13, objects since.
  cpes: list(z.union([text, z.object({ cpe: text }).transform(({ cpe }) => cpe)])),
  licenses: list(z.union([text, z.object({ value: text, spdxExpression: text.optional() })])),
  locations: list(z.object({ path: text, layerID: text.optional() })),
});
const documentSchema = z.object({
  artifacts: z.array(artifactSchema),
  artifactRelationships: list(z.object({ parent: text, child: text, type: text })),
  distro: helpful(z.object({ id: text.optional(), name: text.optional(), versionID: text.optional() })),
  source: helpful(
    z.object({
      name: text.optional(),
      metadata: z.object({ manifestDigest: text.optional(), userInput: text.optional() }).optional().catch(undefined),
    }),
  ),
  descriptor: z.object({ name: text, version: text.optional() }),
  schema: z.object({ version: text }),
});

const MAX_PACKAGES = 200_000;

/**
 * Reads a document in Syft's JSON from a stranger.
 *
 * @param json as `parseJsonStrict` read it
 * @throws LadingError `syft-invalid`; LimitExceededError over 200,000 packages
 */
export function readSyftJson(json: unknown): ReadSyft {
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) {
    const why = z.prettifyError(parsed.error).slice(0, 500);
    throw new LadingError('syft-invalid', `the SBOM is no document of Syft: ${why}`);
  }
  const { artifacts, artifactRelationships, distro, source, descriptor, schema } = parsed.data;
  if (artifacts.length > MAX_PACKAGES) {
    throw new LimitExceededError('sbom-components', `over ${MAX_PACKAGES} packages`);
  }
  const distroId = distro?.id ?? distro?.name;
  const digest = source?.metadata?.manifestDigest;
  const name = source?.name ?? source?.metadata?.userInput;
  return {
    schemaVersion: schema.version,
    tool: descriptor,
    ...(digest === undefined && name === undefined ? {} : { source: { name, digest } }),
    ...(distroId ? { distro: { id: distroId, versionId: distro?.versionID } } : {}),
    packages: artifacts.map(toPackage),
    // "dependency-of": the parent is a dependency of the child.
    dependencies: (artifactRelationships ?? [])
      .filter(({ type }) => type === 'dependency-of')
      .map(({ parent, child }) => ({ from: child, to: parent })),
  };
}

function toPackage(one: z.infer<typeof artifactSchema>): ReadSyftPackage {
  return {
    id: one.id,
    name: one.name,
    version: one.version ?? '',
    type: one.type,
    ...(one.purl ? { purl: one.purl } : {}),
    cpes: one.cpes ?? [],
    licenses: (one.licenses ?? []).map((license) =>
      typeof license === 'string' ? license : license.spdxExpression || license.value,
    ),
    locations: (one.locations ?? []).map(({ path, layerID }) => ({
      path,
      ...(layerID === undefined ? {} : { layer: layerID }),
    })),
  };
}
