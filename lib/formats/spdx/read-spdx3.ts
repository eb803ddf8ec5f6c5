import { z } from 'zod';
import {
  checkCount,
  definedOnly,
  invalidSpdx,
  MAX_PACKAGES,
  MAX_RELATIONSHIPS,
  MAX_TEXT,
  type ReadSpdx,
  type ReadSpdxPackage,
} from './read-model.ts';

const text = z.string().max(MAX_TEXT);
const texts = z.union([text, z.array(text)]).transform((one) => (typeof one === 'string' ? [one] : one));
const helpful = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const identifiers = helpful(z.array(z.object({ externalIdentifierType: text, identifier: text })));

/** Any element of the graph, with the properties that are read of some. Other properties are passed over. */
const elementSchema = z.object({
  type: helpful(text),
  spdxId: helpful(text),
  '@id': helpful(text),
  name: helpful(text),
  comment: helpful(text),
  created: helpful(text),
  createdBy: helpful(texts),
  createdUsing: helpful(texts),
  rootElement: helpful(texts),
  software_packageVersion: helpful(text),
  software_packageUrl: helpful(text),
  software_primaryPurpose: helpful(text),
  software_sourceInfo: helpful(text),
  suppliedBy: helpful(texts),
  verifiedUsing: helpful(z.array(z.object({ algorithm: text, hashValue: text }))),
  externalIdentifier: identifiers,
  from: helpful(text),
  to: helpful(texts),
  relationshipType: helpful(text),
  subject: helpful(text),
  statement: helpful(text),
  simplelicensing_licenseExpression: helpful(text),
  simplelicensing_licenseText: helpful(text),
  simplelicensing_customIdToUri: helpful(z.array(z.object({ key: text, value: text }))),
});
type Element = z.infer<typeof elementSchema>;

const documentSchema = z.object({
  '@context': z.union([z.string(), z.array(z.unknown())]),
  '@graph': z.array(elementSchema),
});
const CONTEXT = /^https:\/\/spdx\.org\/rdf\/(3\.0(?:\.\d{1,2})?)\/spdx-context\.jsonld$/;

/**
 * Reads an SPDX 3.0 JSON-LD document from a stranger, in the form that the specification prescribes: all elements in one
 * graph, which name one another by `spdxId`. The context is compared and never fetched.
 *
 * @param json as `parseJsonStrict` read it
 * @throws LadingError `spdx-invalid`; LimitExceededError
 */
export function readSpdx3(json: unknown): ReadSpdx {
  const parsed = documentSchema.safeParse(json);
  if (!parsed.success) throw invalidSpdx(z.prettifyError(parsed.error));
  const { '@context': context, '@graph': graph } = parsed.data;
  const version = [context].flat().flatMap((one) => (typeof one === 'string' ? (CONTEXT.exec(one)?.[1] ?? []) : []))[0];
  if (version === undefined) throw invalidSpdx('its context is not that of SPDX 3.0');
  checkCount(graph.length, MAX_RELATIONSHIPS, 'elements');
  const byId = new Map(graph.flatMap((one) => (one.spdxId === undefined ? [] : [[one.spdxId, one]])));
  const ofType = (type: string) => graph.filter((one) => one.type === type);
  const relationships = ofType('Relationship').concat(ofType('LifecycleScopedRelationship'));
  const related = groupRelated(relationships);
  const document = ofType('SpdxDocument')[0];
  const creation = ofType('CreationInfo')[0];
  const annotations = Map.groupBy(ofType('Annotation'), (one) => one.subject ?? '');
  const packages = ofType('software_Package');
  checkCount(packages.length, MAX_PACKAGES, 'packages');
  return {
    version: `SPDX-${version}`,
    ...definedOnly({
      name: document?.name,
      namespace: document?.spdxId,
      created: creation?.created,
      comment: document?.comment,
    }),
    creators: creatorsOf(creation, byId),
    describes: ofType('software_Sbom').flatMap((one) => one.rootElement ?? []),
    packages: packages.map((one) =>
      toPackage(one, { byId, related, annotations: annotations.get(one.spdxId ?? '\0') ?? [] }),
    ),
    dependencies: relationships
      .filter((one) => one.relationshipType === 'dependsOn')
      .flatMap(({ from = '', to = [] }) => to.map((one) => ({ from, to: one }))),
    licenseNames: licenseNamesOf(ofType('simplelicensing_LicenseExpression'), byId),
  };
}

type Elements = ReadonlyMap<string, Element>;
type Related = ReadonlyMap<string, readonly string[]>;
const relatedKey = (from: string, kind: string): string => `${kind} ${from}`;

function groupRelated(relationships: readonly Element[]): Related {
  const related = new Map<string, string[]>();
  for (const { from = '', relationshipType = '', to = [] } of relationships) {
    if (!relationshipType.endsWith('License')) continue;
    const key = relatedKey(from, relationshipType);
    related.set(key, [...(related.get(key) ?? []), ...to]);
  }
  return related;
}

function creatorsOf(creation: Element | undefined, byId: Elements): string[] {
  const words = (kind: string, ids: readonly string[] = []): string[] =>
    ids.flatMap((id) => {
      const found = byId.get(id);
      return found?.name === undefined ? [] : [`${kind === '' ? agentWord(found) : kind}: ${found.name}`];
    });
  return [...words('Tool', creation?.createdUsing), ...words('', creation?.createdBy)];
}

const agentWord = ({ type }: Element): string =>
  type === 'Person' ? 'Person' : type === 'SoftwareAgent' || type === 'Tool' ? 'Tool' : 'Organization';

function licenseNamesOf(expressions: readonly Element[], byId: Elements): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { simplelicensing_customIdToUri: entries = [] } of expressions) {
    for (const { key, value } of entries) {
      const found = byId.get(value);
      names.set(key, found?.name ?? found?.simplelicensing_licenseText ?? key);
    }
  }
  return names;
}

function toPackage(
  one: Element,
  context: { readonly byId: Elements; readonly related: Related; readonly annotations: readonly Element[] },
): ReadSpdxPackage {
  const { byId, related } = context;
  const id = one.spdxId ?? '';
  const supplier = one.suppliedBy?.map((agent) => byId.get(agent)).find((agent) => agent !== undefined);
  const license = ['hasDeclaredLicense', 'hasConcludedLicense']
    .flatMap((kind) => related.get(relatedKey(id, kind)) ?? [])
    .map((target) => byId.get(target))
    .map((found) => found?.simplelicensing_licenseExpression ?? found?.name)
    .find((text) => text !== undefined);
  const named = (type: string) =>
    (one.externalIdentifier ?? []).flatMap((ref) => (ref.externalIdentifierType === type ? ref.identifier : []));
  const purls = new Set([
    ...(one.software_packageUrl === undefined ? [] : [one.software_packageUrl]),
    ...named('packageUrl'),
  ]);
  return {
    id,
    name: one.name ?? '',
    ...definedOnly({
      version: one.software_packageVersion,
      purpose: one.software_primaryPurpose?.replace(/([a-z])([A-Z])/g, '$1-$2').toUpperCase(),
      supplier:
        supplier?.name === undefined ? undefined : `${agentWord(supplier)}: ${supplier.name}${emailOf(supplier)}`,
      license,
      sourceInfo: one.software_sourceInfo,
    }),
    checksums: (one.verifiedUsing ?? []).map(({ algorithm, hashValue }) => ({
      algorithm: algorithm.toUpperCase(),
      value: hashValue,
    })),
    purls: [...purls],
    cpes: [...named('cpe23'), ...named('cpe22')],
    annotations: context.annotations.flatMap(({ statement }) => statement ?? []),
  };
}

function emailOf({ externalIdentifier = [] }: Element): string {
  const email = externalIdentifier.find((one) => one.externalIdentifierType === 'email')?.identifier;
  return email === undefined ? '' : ` (${email})`;
}
