import { z } from 'zod';
import { type Digest, isDigest } from '../core/digest.ts';
import { isRepositoryName, isTag } from '../core/image-reference.ts';
import { globsSchema, selectorSchema, timeWindowSchema } from '../selection/index.ts';

/** Types of the payloads in DSSE envelopes: a signature of one can never be taken for one of the other. */
export const DESIRED_STATE_TYPE = 'application/vnd.lading.edge.desired-state.v1+json';
export const SITE_REPORT_TYPE = 'application/vnd.lading.edge.site-report.v1+json';

/** Caps on what is read of others: a state or a report over them is refused, not cut. */
export const MOST_IMAGES = 5_000;
export const MOST_BLOBS = 100_000;
export const MAX_EDGE_DOCUMENT_BYTES = 24 * 1024 * 1024;

const digestSchema = z.custom<Digest>(isDigest, 'not a digest');
const bytesSchema = z.int().nonnegative();
const timeSchema = z.iso.datetime();
const repositorySchema = z.string().refine(isRepositoryName, 'not the name of a repository');
const tagSchema = z.string().refine(isTag, 'not a tag');

/** Part of a repository's name, and of paths. */
export const siteNameSchema = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'not lower-case letters, digits and "-"')
  .max(63);

/** A file of the closed graph: a manifest, a config, a layer. */
export const edgeBlobSchema = z.object({
  digest: digestSchema,
  size: bytesSchema,
  mediaType: z.string().min(1).max(255),
});
export type EdgeBlob = Readonly<z.infer<typeof edgeBlobSchema>>;

export const siteLinkSchema = z.strictObject({
  bytesPerSecond: z.number().positive().max(1e12),
  /** What a GiB over the link costs, in the unit of the prices of everything else here (USD). */
  costPerGiB: z.number().nonnegative().max(1e6).default(0),
  /** When it is up, in UTC. @default always, where it is connected */
  windows: z.array(timeWindowSchema).min(1).max(20).optional(),
  /** `false`: nothing ever comes over a link; the site is served by files. */
  connected: z.boolean().default(true),
});
export type SiteLink = Readonly<z.infer<typeof siteLinkSchema>>;

/** What a site may ever get: repositories by name, and of them what the selector takes. */
export const siteScopeSchema = z.strictObject({
  repositories: globsSchema.default(['**']),
  otherRepositories: globsSchema.optional(),
  select: selectorSchema.optional(),
});
export type SiteScope = Readonly<z.infer<typeof siteScopeSchema>>;

/**
 * `repository`, `repository:tag` or `repository@digest`, each part but the digest as a glob: what must be there (pins),
 * or must never be (bans).
 */
export const imageWishSchema = z.string().min(1).max(400);

const deadlineSchema = z.strictObject({
  /** As a pin is written. */
  image: imageWishSchema,
  /** By when it should be there. */
  by: timeSchema,
});
export type ImageDeadline = Readonly<z.infer<typeof deadlineSchema>>;

export const edgeSiteSchema = z.strictObject({
  name: siteNameSchema,
  /** SubjectPublicKeyInfo in PEM. Of the pair that was made at the site; the private half never leaves it. */
  publicKeyPem: z.string().max(8_192),
  budgetBytes: bytesSchema,
  link: siteLinkSchema,
  scope: siteScopeSchema,
  pins: z.array(imageWishSchema).max(200).default([]),
  bans: z.array(imageWishSchema).max(200).default([]),
  deadlines: z.array(deadlineSchema).max(200).default([]),
  registeredAt: timeSchema,
  revokedAt: timeSchema.optional(),
});
export type EdgeSite = Readonly<z.infer<typeof edgeSiteSchema>>;

/** One term of a score: a figure with its unit, and what it adds. */
export const scoreTermSchema = z.object({
  name: z.string().min(1).max(60),
  value: z.number(),
  unit: z.string().max(60),
  /** What the value is multiplied with. */
  weight: z.number(),
  /** `for`: what having it there is worth. `against`: what it takes. The score is the one sum over the other. */
  side: z.enum(['for', 'against']),
});
export type ScoreTerm = Readonly<z.infer<typeof scoreTermSchema>>;

export const placementReasons = ['pinned', 'in-use', 'placed'] as const;
export type PlacementReason = (typeof placementReasons)[number];

export const desiredImageSchema = z.object({
  repository: repositorySchema,
  tags: z.array(tagSchema).max(1_000),
  digest: digestSchema,
  /** Of the whole graph, each file once. */
  bytes: bytesSchema,
  /** The closed graph: children before parents, the image's own manifest after what it names, referrers last. */
  manifests: z.array(edgeBlobSchema).min(1).max(10_000),
  /** Configs and layers. */
  blobs: z.array(edgeBlobSchema).max(MOST_BLOBS),
  reason: z.enum(placementReasons),
  score: z.number(),
  terms: z.array(scoreTermSchema).max(20),
  /** It must not be evicted before, at the site's own clock or not. */
  leasedUntil: timeSchema.optional(),
  /** The referrer with the signed verdict (SLSA VSA): the digest of its manifest, which is among `manifests`. */
  verdict: digestSchema.optional(),
});
export type DesiredImage = Readonly<z.infer<typeof desiredImageSchema>>;

/** What a site should hold. */
export const desiredStateSchema = z.object({
  site: siteNameSchema,
  /** Rises by one with every state that differs: a site takes none that is lower than what it has seen. */
  generation: z.int().positive(),
  createdAt: timeSchema,
  /** After that it is no order any more: the site goes on with what it holds, and says so. */
  expiresAt: timeSchema,
  budgetBytes: bytesSchema,
  images: z.array(desiredImageSchema).max(MOST_IMAGES),
});
export type DesiredState = Readonly<z.infer<typeof desiredStateSchema>>;

/** What a site holds, by its own word, signed with its key. */
export const siteReportSchema = z.object({
  site: siteNameSchema,
  /** Rises by one with every report of the site: what does not is a replay. */
  sequence: z.int().positive(),
  /** Of the desired state that it acted on; 0 where it has had none. */
  generation: z.int().nonnegative(),
  at: timeSchema,
  /** See `heldRoot`. */
  merkleRoot: digestSchema,
  /** Roots of the images that are there whole, with the tags that name them at the site. */
  images: z
    .array(z.object({ repository: repositorySchema, digest: digestSchema, tags: z.array(tagSchema).max(1_000) }))
    .max(MOST_IMAGES),
  /** What all files take together, each once. */
  bytes: bytesSchema,
  budgetBytes: bytesSchema,
  /** Every file that is there, manifests too: what a delta need not bring. */
  held: z.array(digestSchema).max(MOST_BLOBS),
  /** Since the last report: roots of images that had to go. */
  evicted: z.array(digestSchema).max(MOST_IMAGES).default([]),
  /** Of the desired state: roots that are not there (yet), with the reason. */
  missing: z
    .array(z.object({ digest: digestSchema, why: z.string().max(300) }))
    .max(MOST_IMAGES)
    .default([]),
  /** Pulls since the last report, by root: what placement takes for popularity at this site. */
  pulls: z
    .array(z.object({ repository: repositorySchema, digest: digestSchema, count: z.int().nonnegative() }))
    .max(MOST_IMAGES)
    .default([]),
  /** What runs there now: never to be dropped while it does. */
  inUse: z.array(digestSchema).max(MOST_IMAGES).default([]),
});
export type SiteReport = Readonly<z.infer<typeof siteReportSchema>>;
