export {
  type VexDocument,
  type VexJustification,
  type VexProduct,
  type VexStatement,
  type VexStatus,
  vexFormats,
  vexJustifications,
  vexStatuses,
} from './model.ts';
export { readVex, readVexValue } from './read-vex.ts';
export { addVulnerabilities, type BomVulnerability } from './write-cyclonedx.ts';
export { writeOpenVex } from './write-openvex.ts';
