import type { SpdxAgent, SpdxDocument, SpdxPackage } from './document.ts';

/** An element of the graph; the others name it by its `spdxId`. */
interface Spdx3Element {
  readonly spdxId: string;
  readonly [property: string]: unknown;
}

const CREATION = '_:creation';
const CONTEXT = 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld';

/**
 * Writes SPDX 3.0.1 as JSON-LD (specification, annex "Serialization"): every element by itself in one graph, in the
 * profiles core, software and simpleLicensing.
 */
export function writeSpdx3(document: SpdxDocument): string {
  const iri = (id: string): string => `${document.namespace}#${id}`;
  const creationInfo = CREATION;
  const suppliers = agentsOf(document.packages);
  const licenses = expressionsOf(document.packages);
  const texts = new Map(document.licenses.map(({ id }) => [id, iri(id)]));
  const elements: Spdx3Element[] = [
    { type: 'SoftwareAgent', spdxId: iri('Agent'), creationInfo, name: document.tool.name },
    { type: 'Tool', spdxId: iri('Tool'), creationInfo, name: `${document.tool.name} ${document.tool.version}` },
    ...[...suppliers.values()].map(({ id, agent }) => agentElement(iri(id), agent)),
    ...document.packages.map((one) => packageElement(one, { iri, suppliers })),
    ...document.packages.flatMap((one) =>
      one.annotation === undefined
        ? []
        : [
            {
              type: 'Annotation',
              spdxId: iri(`Annotation-${one.id}`),
              creationInfo,
              annotationType: 'other',
              subject: iri(one.id),
              statement: one.annotation,
            },
          ],
    ),
    ...document.licenses.map(({ id, name, text }) => ({
      type: 'simplelicensing_SimpleLicensingText',
      spdxId: iri(id),
      creationInfo,
      name,
      simplelicensing_licenseText: text,
    })),
    ...[...licenses].map(([expression, id]) => licenseElement(iri(id), expression, texts)),
    ...relationships(document, iri, licenses),
  ];
  const sbom = {
    type: 'software_Sbom',
    spdxId: iri('SBOM'),
    creationInfo,
    rootElement: document.describes.map(iri),
    element: elements.map((one) => one.spdxId),
    software_sbomType: ['analyzed'],
  };
  const about = {
    type: 'SpdxDocument',
    spdxId: document.namespace,
    creationInfo,
    name: document.name,
    ...(document.comment === undefined ? {} : { comment: document.comment }),
    rootElement: [iri('SBOM')],
    profileConformance: ['core', 'software', 'simpleLicensing'],
  };
  const creation = {
    type: 'CreationInfo',
    '@id': CREATION,
    specVersion: '3.0.1',
    created: document.created,
    createdBy: [iri('Agent')],
    createdUsing: [iri('Tool')],
  };
  return JSON.stringify({ '@context': CONTEXT, '@graph': [creation, about, sbom, ...elements] });
}

type Agents = ReadonlyMap<string, { readonly id: string; readonly agent: SpdxAgent }>;
const agentKey = ({ kind, name, email }: SpdxAgent): string => JSON.stringify([kind, name, email]);

/** One agent for all that it supplies. */
function agentsOf(packages: readonly SpdxPackage[]): Agents {
  const agents = new Map<string, { readonly id: string; readonly agent: SpdxAgent }>();
  for (const { supplier } of packages) {
    if (!supplier || agents.has(agentKey(supplier))) continue;
    agents.set(agentKey(supplier), { id: `Supplier-${agents.size + 1}`, agent: supplier });
  }
  return agents;
}

function expressionsOf(packages: readonly SpdxPackage[]): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const { licenseDeclared } of packages) {
    if (licenseDeclared !== undefined && !ids.has(licenseDeclared)) {
      ids.set(licenseDeclared, `License-${ids.size + 1}`);
    }
  }
  return ids;
}

const agentElement = (spdxId: string, { kind, name, email }: SpdxAgent) => ({
  type: kind === 'person' ? 'Person' : 'Organization',
  spdxId,
  creationInfo: CREATION,
  name,
  ...(email === undefined
    ? {}
    : {
        externalIdentifier: [{ type: 'ExternalIdentifier', externalIdentifierType: 'email', identifier: email }],
      }),
});

const PURPOSES = {
  container: 'container',
  'operating-system': 'operatingSystem',
  library: 'library',
  application: 'application',
  model: 'model',
} as const;

function packageElement(
  one: SpdxPackage,
  { iri, suppliers }: { readonly iri: (id: string) => string; readonly suppliers: Agents },
) {
  const supplier = one.supplier && suppliers.get(agentKey(one.supplier));
  const identifiers = [
    ...(one.purl === undefined ? [] : [{ externalIdentifierType: 'packageUrl', identifier: one.purl }]),
    ...one.cpes.map((cpe) => ({
      externalIdentifierType: cpe.startsWith('cpe:2.3:') ? 'cpe23' : 'cpe22',
      identifier: cpe,
    })),
  ];
  return {
    type: 'software_Package',
    spdxId: iri(one.id),
    creationInfo: CREATION,
    name: one.name,
    ...(one.version === undefined ? {} : { software_packageVersion: one.version }),
    ...(one.purl === undefined ? {} : { software_packageUrl: one.purl }),
    software_primaryPurpose: PURPOSES[one.purpose],
    ...(supplier ? { suppliedBy: iri(supplier.id) } : {}),
    ...(one.sourceInfo === undefined ? {} : { software_sourceInfo: one.sourceInfo }),
    ...(one.checksums.length === 0
      ? {}
      : {
          verifiedUsing: one.checksums.map(({ algorithm, value }) => ({
            type: 'Hash',
            algorithm: algorithm.replace('SHA-', 'sha'),
            hashValue: value,
          })),
        }),
    ...(identifiers.length === 0
      ? {}
      : { externalIdentifier: identifiers.map((identifier) => ({ type: 'ExternalIdentifier', ...identifier })) }),
  };
}

function licenseElement(spdxId: string, expression: string, texts: ReadonlyMap<string, string>) {
  const named = [...new Set(expression.match(/LicenseRef-[A-Za-z0-9.-]+/g) ?? [])];
  const entries = named.flatMap((key) => {
    const value = texts.get(key);
    return value === undefined ? [] : [{ type: 'DictionaryEntry', key, value }];
  });
  return {
    type: 'simplelicensing_LicenseExpression',
    spdxId,
    creationInfo: CREATION,
    simplelicensing_licenseExpression: expression,
    ...(entries.length === 0 ? {} : { simplelicensing_customIdToUri: entries }),
  };
}

function relationships(
  document: SpdxDocument,
  iri: (id: string) => string,
  licenses: ReadonlyMap<string, string>,
): Spdx3Element[] {
  let count = 0;
  const relationship = (from: string, relationshipType: string, to: readonly string[], complete?: boolean) => ({
    type: 'Relationship',
    spdxId: iri(`Relationship-${++count}`),
    creationInfo: CREATION,
    from: iri(from),
    relationshipType,
    to: to.map(iri),
    ...(complete === undefined ? {} : { completeness: complete ? 'complete' : 'incomplete' }),
  });
  return [
    ...document.relationships.map(({ from, kind, to, complete }) =>
      relationship(from, kind === 'contains' ? 'contains' : 'dependsOn', to, complete),
    ),
    ...document.packages.flatMap((one) => {
      const license = one.licenseDeclared === undefined ? undefined : licenses.get(one.licenseDeclared);
      return license === undefined ? [] : [relationship(one.id, 'hasDeclaredLicense', [license])];
    }),
  ];
}
