export { evaluateRange, type RangeEvent, type RangeResult, sortEvents } from './evaluate.ts';
export {
  eventsOf,
  type OsvAffected,
  type OsvEvent,
  type OsvRecord,
  parseOsvRecord,
} from './record.ts';
