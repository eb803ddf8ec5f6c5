export type { SpdxAgent, SpdxDocument, SpdxLicenseText, SpdxPackage, SpdxRelationship } from './document.ts';
export { readSpdxJson } from './read-json.ts';
export type { ReadSpdx, ReadSpdxPackage } from './read-model.ts';
export { readSpdx3 } from './read-spdx3.ts';
export { readSpdxTagValue } from './read-tag-value.ts';
export { writeSpdxJson } from './write-json.ts';
export { writeSpdx3 } from './write-spdx3.ts';
export { writeSpdxTagValue } from './write-tag-value.ts';
