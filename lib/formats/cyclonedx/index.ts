export type { Bom, BomComponent, BomLicense, BomProperty, BomVersion } from './bom.ts';
export { readBom, readBomJson } from './read-bom.ts';
export { readBomXml } from './read-bom-xml.ts';
export type { ReadBom, ReadComponent } from './read-model.ts';
export { writeBom } from './write-bom.ts';
export { writeBomXml } from './write-bom-xml.ts';
