import { agentText, NO_ASSERTION, type SpdxDocument, type SpdxPackage, spdxId, toolText } from './document.ts';

/** Writes SPDX 2.3 as JSON (`spdx-schema.json` of the specification's repository). */
export function writeSpdxJson(document: SpdxDocument): string {
  const { created, tool } = document;
  return JSON.stringify({
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: document.name,
    documentNamespace: document.namespace,
    creationInfo: { created, creators: [toolText(tool)] },
    ...(document.comment === undefined ? {} : { comment: document.comment }),
    packages: document.packages.map((one) => packageObject(one, document)),
    ...(document.licenses.length === 0
      ? {}
      : {
          hasExtractedLicensingInfos: document.licenses.map(({ id, name, text }) => ({
            licenseId: id,
            name,
            extractedText: text,
          })),
        }),
    relationships: [
      ...document.describes.map((id) => relationship('SPDXRef-DOCUMENT', 'DESCRIBES', id)),
      ...document.relationships.flatMap(({ from, kind, to }) =>
        to.map((id) => relationship(spdxId(from), kind === 'contains' ? 'CONTAINS' : 'DEPENDS_ON', id)),
      ),
    ],
  });
}

const relationship = (from: string, kind: string, to: string): object => ({
  spdxElementId: from,
  relationshipType: kind,
  relatedSpdxElement: spdxId(to),
});

const PURPOSES = {
  container: 'CONTAINER',
  'operating-system': 'OPERATING-SYSTEM',
  library: 'LIBRARY',
  application: 'APPLICATION',
  model: 'OTHER',
} as const;
export const purposeText = ({ purpose }: SpdxPackage): string => PURPOSES[purpose];

/** SPDX 2.3 names algorithms without hyphen. */
export const algorithmText = (algorithm: string): string => algorithm.replace('SHA-', 'SHA');

function packageObject(one: SpdxPackage, { created, tool }: SpdxDocument): object {
  const references = [
    ...(one.purl === undefined ? [] : [['PACKAGE-MANAGER', 'purl', one.purl]]),
    ...one.cpes.map((cpe) => ['SECURITY', cpeType(cpe), cpe]),
  ];
  return {
    SPDXID: spdxId(one.id),
    name: one.name,
    ...(one.version === undefined ? {} : { versionInfo: one.version }),
    supplier: one.supplier ? agentText(one.supplier) : NO_ASSERTION,
    downloadLocation: NO_ASSERTION,
    filesAnalyzed: false,
    ...(one.checksums.length === 0
      ? {}
      : {
          checksums: one.checksums.map(({ algorithm, value }) => ({
            algorithm: algorithmText(algorithm),
            checksumValue: value,
          })),
        }),
    ...(one.sourceInfo === undefined ? {} : { sourceInfo: one.sourceInfo }),
    licenseConcluded: NO_ASSERTION,
    licenseDeclared: one.licenseDeclared ?? NO_ASSERTION,
    copyrightText: NO_ASSERTION,
    primaryPackagePurpose: purposeText(one),
    ...(references.length === 0
      ? {}
      : {
          externalRefs: references.map(([referenceCategory, referenceType, referenceLocator]) => ({
            referenceCategory,
            referenceType,
            referenceLocator,
          })),
        }),
    ...(one.annotation === undefined
      ? {}
      : {
          annotations: [
            { annotationType: 'OTHER', annotator: toolText(tool), annotationDate: created, comment: one.annotation },
          ],
        }),
  };
}

export const cpeType = (cpe: string): string => (cpe.startsWith('cpe:2.3:') ? 'cpe23Type' : 'cpe22Type');
