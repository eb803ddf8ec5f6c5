import { visibleText } from '../core/visible-text.ts';

/** Names come from strangers: one line, without what steers a terminal or turns a line around. */
export const oneLine = (text: string): string => visibleText(text).slice(0, 500).trim();
