import { agentText, NO_ASSERTION, type SpdxDocument, type SpdxPackage, spdxId, toolText } from './document.ts';
import { algorithmText, cpeType, purposeText } from './write-json.ts';

/**
 * Writes SPDX 2.3 as tag-value text (specification, annex "Tag:value format"). A value is one line; where it is not, or
 * may hold anything, it stands between `<text>` and `</text>`.
 */
export function writeSpdxTagValue(document: SpdxDocument): string {
  const lines = [
    'SPDXVersion: SPDX-2.3',
    'DataLicense: CC0-1.0',
    'SPDXID: SPDXRef-DOCUMENT',
    `DocumentName: ${line(document.name)}`,
    `DocumentNamespace: ${line(document.namespace)}`,
    ...(document.comment === undefined ? [] : [`DocumentComment: ${block(document.comment)}`]),
    '',
    `Creator: ${line(toolText(document.tool))}`,
    `Created: ${document.created}`,
  ];
  for (const one of document.packages) lines.push('', ...packageLines(one));
  for (const { id, name, text } of document.licenses) {
    lines.push('', `LicenseID: ${id}`, `ExtractedText: ${block(text)}`, `LicenseName: ${line(name)}`);
  }
  lines.push('', ...document.describes.map((id) => `Relationship: SPDXRef-DOCUMENT DESCRIBES ${spdxId(id)}`));
  for (const { from, kind, to } of document.relationships) {
    const type = kind === 'contains' ? 'CONTAINS' : 'DEPENDS_ON';
    lines.push(...to.map((id) => `Relationship: ${spdxId(from)} ${type} ${spdxId(id)}`));
  }
  for (const one of document.packages) {
    if (one.annotation !== undefined) lines.push('', ...annotationLines(one.id, one.annotation, document));
  }
  return `${lines.join('\n')}\n`;
}

function packageLines(one: SpdxPackage): string[] {
  return [
    `PackageName: ${line(one.name)}`,
    `SPDXID: ${spdxId(one.id)}`,
    ...(one.version === undefined ? [] : [`PackageVersion: ${line(one.version)}`]),
    `PackageSupplier: ${one.supplier ? line(agentText(one.supplier)) : NO_ASSERTION}`,
    `PackageDownloadLocation: ${NO_ASSERTION}`,
    'FilesAnalyzed: false',
    ...one.checksums.map(({ algorithm, value }) => `PackageChecksum: ${algorithmText(algorithm)}: ${line(value)}`),
    ...(one.sourceInfo === undefined ? [] : [`PackageSourceInfo: ${block(one.sourceInfo)}`]),
    `PackageLicenseConcluded: ${NO_ASSERTION}`,
    `PackageLicenseDeclared: ${line(one.licenseDeclared ?? NO_ASSERTION)}`,
    `PackageCopyrightText: ${NO_ASSERTION}`,
    `PrimaryPackagePurpose: ${purposeText(one)}`,
    ...(one.purl === undefined ? [] : [`ExternalRef: PACKAGE-MANAGER purl ${line(one.purl)}`]),
    ...one.cpes.map((cpe) => `ExternalRef: SECURITY ${cpeType(cpe)} ${line(cpe)}`),
  ];
}

const annotationLines = (id: string, text: string, { tool, created }: SpdxDocument): string[] => [
  `Annotator: ${line(toolText(tool))}`,
  `AnnotationDate: ${created}`,
  `AnnotationComment: ${block(text)}`,
  'AnnotationType: OTHER',
  `SPDXREF: ${spdxId(id)}`,
];

/** A name with a line feed would be another tag: nothing may end a line but us. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const line = (text: string): string => text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]/g, '\u{fffd}').trim();

const block = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  `<text>${text.replace(/[\u0000-\u0008\u000b-\u001f]/g, '\u{fffd}').replaceAll(/<(?=\/?text>)/g, '\u{2039}')}</text>`;
