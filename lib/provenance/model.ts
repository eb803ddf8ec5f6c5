import { z } from 'zod';

/** SLSA provenance v1, "ResourceDescriptor", as far as it is told on. */
export interface SourceMaterial {
  readonly uri: string;
  /** `algorithm:value`, the first one that is named. */
  readonly digest?: string;
}

/**
 * How the word on a build came to us.
 * - `platform`: the build platform itself told, by an event that only AWS can send
 * - `token`: CI told, with an identity that its platform signed
 * - `signed`: a statement signed by a key that is trusted
 * - `untrusted`: a statement that is signed, and not by a key that is trusted to speak for its builder
 * - `unsigned`: it lies in the index, as whoever pushed it put it there
 */
export type Authenticity = 'platform' | 'token' | 'signed' | 'untrusted' | 'unsigned';

/** Whether who pushed an image is who built it, and how that is known. */
export interface PusherCheck {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly reason: string;
}

export interface Provenance {
  readonly predicate: unknown;
  readonly builder: string;
  readonly buildType: string;
  readonly materials: readonly SourceMaterial[];
  readonly authenticity: Authenticity;
  /** Of `signed`: who, as the configuration names the key. */
  readonly signer?: string;
  /** Of `untrusted`: why it is not trusted. */
  readonly distrust?: string;
  /** False for builds on machines of the builder's tenant. */
  readonly hosted: boolean;
  /** In a word for people: `CodeBuild`, `github`, `BuildKit`. */
  readonly source: string;
}

const digestSet = z.record(z.string(), z.string()).nullish();
const descriptor = z.object({ uri: z.string().nullish(), name: z.string().nullish(), digest: digestSet });

/** SLSA provenance v1 (slsa.dev/provenance/v1). */
export const provenanceV1Schema = z.object({
  buildDefinition: z.object({
    buildType: z.string(),
    resolvedDependencies: z.array(descriptor).max(10_000).nullish(),
  }),
  runDetails: z.object({ builder: z.object({ id: z.string() }) }),
});

/** SLSA provenance v0.2, which BuildKit writes by default. */
export const provenanceV02Schema = z.object({
  builder: z.object({ id: z.string() }),
  buildType: z.string(),
  materials: z.array(descriptor).max(10_000).nullish(),
});

export const PROVENANCE_V1 = 'https://slsa.dev/provenance/v1';
export const PROVENANCE_V02 = 'https://slsa.dev/provenance/v0.2';

/** Reads builder and materials out of a predicate of either version; `undefined` where it is neither. */
export function readPredicate(
  predicateType: string,
  predicate: unknown,
): Pick<Provenance, 'builder' | 'buildType' | 'materials'> | undefined {
  if (predicateType === PROVENANCE_V1) {
    const parsed = provenanceV1Schema.safeParse(predicate);
    if (!parsed.success) return undefined;
    const { buildDefinition, runDetails } = parsed.data;
    const materials = toMaterials(buildDefinition.resolvedDependencies ?? []);
    return { builder: runDetails.builder.id, buildType: buildDefinition.buildType, materials };
  }
  if (predicateType !== PROVENANCE_V02) return undefined;
  const parsed = provenanceV02Schema.safeParse(predicate);
  if (!parsed.success) return undefined;
  return {
    builder: parsed.data.builder.id,
    buildType: parsed.data.buildType,
    materials: toMaterials(parsed.data.materials ?? []),
  };
}

function toMaterials(descriptors: readonly z.infer<typeof descriptor>[]): readonly SourceMaterial[] {
  return descriptors.flatMap(({ uri, name, digest }): SourceMaterial[] => {
    const called = uri ?? name;
    if (!called) return [];
    const [first] = Object.entries(digest ?? {});
    return [{ uri: called.slice(0, 1000), ...(first ? { digest: `${first[0]}:${first[1]}`.slice(0, 200) } : {}) }];
  });
}
