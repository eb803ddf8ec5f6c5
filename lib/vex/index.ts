export { type AddedVex, addVexDocument } from './add-document.ts';
export {
  type AssessedFinding,
  type AssessOptions,
  assessFindings,
  isSettled,
  relevantStatements,
} from './assess-findings.ts';
export type { VexRecord } from './model.ts';
export {
  type AssessedImage,
  type Assessment,
  type SourcedStatement,
  sourcedStatementSchema,
  type VexOrigin,
} from './model.ts';
export type { VexStore } from './ports.ts';
export { sourceStatements } from './source-statements.ts';
