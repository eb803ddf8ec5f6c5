import { z } from 'zod';
import {
  asserted,
  checkCount,
  definedOnly,
  invalidSpdx,
  MAX_PACKAGES,
  MAX_RELATIONSHIPS,
  MAX_TEXT,
  type ReadSpdx,
  type ReadSpdxPackage,
  readRelationship,
} from './read-model.ts';

const text = z.string().max(MAX_TEXT);
/** What is a help and not the matter must not cost the package, however it is written. */
const helpful = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

const packageSchema = z.object({
  SPDXID: text,
  name: text,
  versionInfo: text.optional(),
  supplier: helpful(text),
  primaryPackagePurpose: helpful(text),
  licenseDeclared: helpful(text),
  licenseConcluded: helpful(text),
  sourceInfo: helpful(text),
  checksums: helpful(z.array(z.object({ algorithm: text, checksumValue: text }))),
  externalRefs: helpful(z.array(z.object({ referenceType: text, referenceLocator: text }))),
  annotations: helpful(z.array(z.object({ comment: text }))),
});
const relationshipSchema = z.object({ spdxElementId: text, relationshipType: text, relatedSpdxElement: text });
const documentSchema = z.object({
  spdxVersion: z.string().regex(/^SPDX-2\.[23](?:\.\d)?$/),
  name: helpful(text),
  documentNamespace: helpful(text),
  comment: helpful(text),
  creationInfo: helpful(z.object({ created: text.optional(), creators: z.array(text).optional() })),
  documentDescribes: helpful(z.array(text)),
  packages: z.array(packageSchema).optional(),
  relationships: z.array(relationshipSchema).optional(),
  hasExtractedLicensingInfos: helpful(
    z.array(z.object({ licenseId: text, name: text.optional(), extractedText: text.optional() })),
  ),
});

/**
 * Reads an SPDX 2.2 or 2.3 JSON document from a stranger.
 *
 * @param json as `parseJsonStrict` read it
 * @throws LadingError `spdx-invalid`; LimitExceededError
 */
export function readSpdxJson(json: unknown): ReadSpdx {
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) throw invalidSpdx(z.prettifyError(parsed.error));
  const { packages = [], relationships = [], hasExtractedLicensingInfos = [], ...about } = parsed.data;
  checkCount(packages.length, MAX_PACKAGES, 'packages');
  checkCount(relationships.length, MAX_RELATIONSHIPS, 'relationships');
  const read = relationships.map((one) =>
    readRelationship(one.spdxElementId, one.relationshipType, one.relatedSpdxElement),
  );
  return {
    version: about.spdxVersion,
    ...definedOnly({
      name: about.name,
      namespace: about.documentNamespace,
      created: about.creationInfo?.created,
      comment: about.comment,
    }),
    creators: about.creationInfo?.creators ?? [],
    describes: [...(about.documentDescribes ?? []), ...read.flatMap((one) => one.describes ?? [])],
    packages: packages.map(toPackage),
    dependencies: read.flatMap((one) => one.dependency ?? []),
    licenseNames: new Map(
      hasExtractedLicensingInfos.map(({ licenseId, name, extractedText }) => [
        licenseId,
        asserted(name) ?? extractedText ?? licenseId,
      ]),
    ),
  };
}

function toPackage(one: z.infer<typeof packageSchema>): ReadSpdxPackage {
  const references = one.externalRefs ?? [];
  const locators = (type: RegExp) =>
    references.flatMap((ref) => (type.test(ref.referenceType) ? ref.referenceLocator : []));
  return {
    id: one.SPDXID,
    name: one.name,
    ...definedOnly({
      version: one.versionInfo,
      purpose: one.primaryPackagePurpose,
      supplier: asserted(one.supplier),
      license: asserted(one.licenseDeclared) ?? asserted(one.licenseConcluded),
      sourceInfo: one.sourceInfo,
    }),
    checksums: (one.checksums ?? []).map(({ algorithm, checksumValue }) => ({ algorithm, value: checksumValue })),
    purls: locators(/^(?:purl|.*\/purl)$/),
    cpes: locators(/cpe2[23]Type$/),
    annotations: (one.annotations ?? []).map(({ comment }) => comment),
  };
}
