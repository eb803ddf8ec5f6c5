/** For each character of a pattern the spellings that it matches: its lower and its upper case. */
export type FoldedText = readonly (readonly string[])[];

/**
 * Ruler compares character by character with the lower and the upper case of the pattern's character. The two may
 * differ in length (`ß` and `SS`), so the comparisons below keep every position that the text can have reached.
 */
export const foldCase = (pattern: string): FoldedText =>
  Array.from(pattern, (c) => [...new Set([c.toLowerCase(), c.toUpperCase()])]);

export const prefixIgnoringCase = (pattern: FoldedText, text: string): boolean => reach(pattern, text).size > 0;

export const equalsIgnoringCase = (pattern: FoldedText, text: string): boolean => reach(pattern, text).has(text.length);

export function suffixIgnoringCase(pattern: FoldedText, text: string): boolean {
  let ends = new Set([text.length]);
  for (let i = pattern.length - 1; i >= 0 && ends.size > 0; i--) {
    const before = new Set<number>();
    for (const end of ends) {
      for (const spelling of pattern[i] ?? []) if (text.endsWith(spelling, end)) before.add(end - spelling.length);
    }
    ends = before;
  }
  return ends.size > 0;
}

function reach(pattern: FoldedText, text: string): ReadonlySet<number> {
  let starts = new Set([0]);
  for (const spellings of pattern) {
    const after = new Set<number>();
    for (const start of starts) {
      for (const spelling of spellings) if (text.startsWith(spelling, start)) after.add(start + spelling.length);
    }
    if (after.size === 0) return after;
    starts = after;
  }
  return starts;
}
