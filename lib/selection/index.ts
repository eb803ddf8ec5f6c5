export { describeContent } from './describe-content.ts';
export type { Selectable } from './model.ts';
export { compilePatterns, compileSelector } from './select.ts';
export { globsSchema, patternSchema, type Selector, selectorSchema } from './selector.ts';
export { tagClass, tagVersion } from './tag-version.ts';
export { isOpen, type TimeWindow, timeWindowSchema } from './time-window.ts';
