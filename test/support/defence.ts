/** A text of the source and what is put in its place to take the defence away. The text is in the file once. */
interface Removal {
  readonly file: string;
  readonly text: string;
  readonly instead: string;
}

/** A defence of the design's security rules, how to remove it, and the test that must then fail. */
export interface Defence {
  /** The attack, as the table of docs/security.md names it. */
  readonly against: string;
  /** All of them at once: what is defended twice must be opened twice. */
  readonly removals: readonly Removal[];
  readonly test: { readonly file: string; readonly title: string };
}

export const defence = (
  against: string,
  [file, title]: readonly [file: string, title: string],
  ...removals: readonly (readonly [file: string, text: string, instead: string])[]
): Defence => ({
  against,
  test: { file, title },
  removals: removals.map(([path, text, instead]) => ({ file: path, text, instead })),
});
