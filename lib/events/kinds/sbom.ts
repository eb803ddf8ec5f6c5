import { z } from 'zod';
import { announcedSubject, bySubject, define, documentRef } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

export const sbomCreated = define(
  'lading.sbom',
  'SBOM Created',
  z.object({
    subject: subjectSchema,
    sbom: documentRef.extend({
      format: z.string(),
      generator: z.string(),
      packages: z.int().nonnegative(),
      /** `limit-exceeded`: a cap of the security rules was crossed; what was read until then is listed, never "clean". */
      outcome: z.enum(['complete', 'limit-exceeded', 'unreadable']),
      detail: z.string().optional(),
    }),
    layersRead: z.int().nonnegative(),
    layersReused: z.int().nonnegative(),
  }),
  bySubject,
);

/** An SBOM that somebody else made, as it is kept beside our own. */
const externalSbom = documentRef.extend({
  format: z.string(),
  /** Name and version of the program that made it, as the document says. */
  tool: z.string().optional(),
  packages: z.int().nonnegative(),
  origin: z.enum(['buildkit', 'attestation', 'referrer', 'cosign-tag', 'upload', 'task']),
  /** `verified`: signed by a key that is trusted, over a statement about this very image. */
  standing: z.enum(['verified', 'unsigned', 'not-verified']),
  /** Of the manifest that holds it. */
  manifest: digestSchema.optional(),
});
const packageName = z.object({ type: z.string(), name: z.string(), version: z.string() });
/** At most 20 are named. */
const somePackages = z.object({ count: z.int().nonnegative(), named: z.array(packageName).max(20) });

export const sbomReceived = define(
  'lading.sbom',
  'SBOM Received',
  z.object({ subject: subjectSchema, sbom: externalSbom, receivedAt: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.sbom.digest}`,
);

export const sbomDisagreed = define(
  'lading.sbom',
  'SBOM Disagreed',
  z.object({
    subject: subjectSchema,
    own: z.object({ generator: z.string(), packages: z.int().nonnegative() }),
    other: externalSbom,
    /** Packages that both have with the same version. */
    same: z.int().nonnegative(),
    onlyOurs: somePackages,
    onlyTheirs: somePackages,
    otherVersions: z.object({
      count: z.int().nonnegative(),
      named: z
        .array(z.object({ type: z.string(), name: z.string(), ours: z.array(z.string()), theirs: z.array(z.string()) }))
        .max(20),
    }),
    /** Packages of either that cannot be compared, because it does not say what they are. */
    unidentified: z.int().nonnegative(),
  }),
  (data) => `${bySubject(data)} ${data.own.generator} ${data.other.digest}`,
);

/** What was kept of an image's SBOMs went with it. */
export const sbomsRemoved = define(
  'lading.sbom',
  'SBOMs Removed',
  z.object({
    subject: announcedSubject,
    /** When the image was deleted. */
    deletedAt: z.iso.datetime(),
    /** Stored documents and records, ours and others'. */
    documents: z.int().nonnegative(),
    /** Manifests of our SBOM statements that were removed from the registry. */
    referrers: z.array(digestSchema),
  }),
  (data) => `${bySubject(data)} ${data.deletedAt}`,
);
