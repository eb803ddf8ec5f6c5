export { type Bom, type BomComponent, type BomLicense, type BomProperty, writeBom } from './bom.ts';
export { type ReadBom, type ReadComponent, readBom } from './read-bom.ts';
