/**
 * Characters that do something instead of being seen: controls (C0, C1, DEL), line and paragraph separators, and those
 * that turn the direction of text (Unicode Standard Annex 9, "Explicit Directional Formatting").
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Names come from strangers: what steers a terminal or turns a line around is shown as `�` instead of working. */
export const visibleText = (text: string): string => text.replace(INVISIBLE, '\u{fffd}');

/** The same for JSON text, without loss, as escapes: outside of strings there is none of them but the line feed. */
export const escapeInvisible = (json: string): string =>
  json.replace(INVISIBLE, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
