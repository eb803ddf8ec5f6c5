export { evaluateRange, type RangeResult, sortEvents, type VersionRange } from './evaluate.ts';
export {
  eventsOf,
  type OsvAffected,
  type OsvEvent,
  type OsvEventKind,
  type OsvRecord,
  type OsvSeverity,
  parseOsvRecord,
} from './record.ts';
