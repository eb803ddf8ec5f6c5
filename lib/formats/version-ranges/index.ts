export { composerConstraints, gemRequirement, npmRange } from './constraints.ts';
export { comparison, type Interval, intervalsOf, ordered, type RangeEvent, toEvents } from './intervals.ts';
export { parseVers, type VersRange } from './vers.ts';
