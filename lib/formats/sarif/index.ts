export type { SarifLevel, SarifResult, SarifRule } from './model.ts';
export { writeSarif } from './write-sarif.ts';
