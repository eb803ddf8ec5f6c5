import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';
import { gapSchema, originSchema } from './model-parts.ts';

export { type Gap, type Origin, originSchema } from './model-parts.ts';

const digestSchema = z.custom<Digest>(isDigest, 'not a sha256 or sha512 digest');

/** A release of a distribution, out of os-release(5). */
export const distroSchema = z.object({
  /** `ID`: `debian`, `alpine`. */
  id: z.string(),
  /** `VERSION_ID`: `12`, `3.18.9`; absent for rolling releases. */
  versionId: z.string().optional(),
  /** Where another file tells the exact release: `12.15` out of `etc/debian_version`. */
  pointRelease: z.string().optional(),
  codename: z.string().optional(),
  prettyName: z.string().optional(),
  idLike: z.array(z.string()).optional(),
  cpe: z.string().optional(),
  /** The last day of support: `SUPPORT_END` of os-release as written, else what is known of the release. */
  supportEnd: z.string().optional(),
  /** Where it was read. */
  path: z.string(),
});
export type Distro = Readonly<z.infer<typeof distroSchema>>;

/** The image that an image was built on. */
const baseSchema = z.object({
  /**
   * `annotation`: the image's annotations name it, and its layers are the lowest. `known-image`: the catalogue knows an
   * image of exactly the lowest layers. `history`: a guess by the steps of the build.
   */
  evidence: z.enum(['annotation', 'known-image', 'history']),
  /** How many of the lowest layers are its. */
  layers: z.int().positive(),
  image: digestSchema.optional(),
  /** As the annotation `org.opencontainers.image.base.name` says, or the repository of the known image. */
  name: z.string().optional(),
});
export type Base = Readonly<z.infer<typeof baseSchema>>;

export const packageSchema = z.object({
  /** Unique within the SBOM: the purl, or where there is none, type, name and version. */
  id: z.string(),
  /** As the purl specification names it: `apk`, `deb`, `npm`, … */
  type: z.string(),
  /** With its scope or group: `@babel/core`. */
  name: z.string(),
  /** As its ecosystem writes it: `go1.21.0` of Go's standard library. Empty where nothing tells it. */
  version: z.string(),
  /** Absent where what is known does not make one (a package of a distribution that nothing names). */
  purl: z.string().optional(),
  arch: z.string().optional(),
  /** The source package it was built from, where it has another name or version. Security fixes are published by that. */
  source: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  distro: z.object({ id: z.string(), versionId: z.string().optional() }).optional(),
  /** SPDX expressions where the package says so, else its own words. */
  licenses: z.array(z.string()),
  /** Names under which vulnerability databases may know it (CPE 2.3), the likeliest first; absent in older versions. */
  cpes: z.array(z.string()).optional(),
  /** Of the file that is the package (a Java archive), in hexadecimal digits, as CycloneDX names the algorithms. */
  hashes: z.array(z.object({ algorithm: z.enum(['SHA-1', 'SHA-256', 'SHA-512']), value: z.string() })).optional(),
  /** What is known of a model or a module besides: `format`, `architecture`, `parameters`, `producer`. */
  about: z.record(z.string(), z.string()).optional(),
  /** Who maintains it, as the package says. */
  supplier: z.string().optional(),
  /** Files that tell of it, with the layer whose version of the file is seen. */
  locations: z.array(z.object({ path: z.string(), layer: digestSchema.optional() })),
  /**
   * Index of the layer that first brought this version of it; whoever owns that layer owns the package. Absent for what
   * only others found.
   */
  layer: z.int().nonnegative().optional(),
  /** Who owns that layer; absent in SBOMs of older versions. */
  origin: originSchema.optional(),
  /** Ids of packages of this SBOM that it needs. */
  dependencies: z.array(z.string()),
  /** In a merged SBOM: the programs that found it, each with what its word is worth. */
  foundBy: z.array(z.string()).optional(),
  /** In the SBOM of an index: the platforms whose image has it. */
  platforms: z.array(z.string()).optional(),
});
export type Package = Readonly<z.infer<typeof packageSchema>>;

/** As the event `SBOM Created` tells it. Anything but `complete` must never be taken for "nothing there". */
export const outcomeSchema = z.enum(['complete', 'limit-exceeded', 'unreadable']);
export type SbomOutcome = z.infer<typeof outcomeSchema>;

export const layerSummarySchema = z.object({
  digest: digestSchema,
  diffId: digestSchema.optional(),
  /** Bytes as stored. */
  size: z.number(),
  unpackedBytes: z.number().optional(),
  files: z.number().optional(),
  origin: originSchema.optional(),
});

/** The compact native form of an SBOM: everything that was found, and where. */
export const sbomSchema = z.object({
  schemaVersion: z.literal(1),
  generator: z.object({ name: z.literal('lading'), version: z.string() }),
  /** The image or index, by digest. */
  image: digestSchema,
  /** `linux/arm64/v8`; absent for an index. */
  platform: z.string().optional(),
  outcome: outcomeSchema,
  gaps: z.array(gapSchema),
  distro: distroSchema.optional(),
  /** Absent where nothing tells it, and for an index. */
  base: baseSchema.optional(),
  /** Lowest first. In the SBOM of an index: the layers of all children, each once. */
  layers: z.array(layerSummarySchema),
  /** In the order of their ids. */
  packages: z.array(packageSchema),
});
export type Sbom = Readonly<z.infer<typeof sbomSchema>>;
