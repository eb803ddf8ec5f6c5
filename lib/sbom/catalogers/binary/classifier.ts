/**
 * How the version of a program is read out of its file. The texts are what the programs contain; which of them tell the
 * version was learnt from Syft's binary classifiers (anchore/syft, `syft/pkg/cataloger/binary/classifiers.go`), whose
 * package URLs are used, so that both name the same thing.
 */
export interface Classifier {
  /** Names of the file. */
  readonly names?: readonly string[];
  /** Or what its name looks like. */
  readonly pattern?: RegExp;
  /** The first that is found counts. */
  readonly signatures: readonly Signature[];
  /** Signatures that take the first group of `pattern`. */
  readonly forName?: (group: string) => readonly Signature[];
}

export interface Signature {
  /** Without the version. */
  readonly purl: string;
  /** A fixed text, each character a byte, that stands near the version. */
  readonly text: string;
  /** Is tried on what is around `text`, and has the group `version`. Its repetitions are bounded. */
  readonly version: RegExp;
  /** Must be in the file as well. */
  readonly also?: string;
}

/**
 * A zero byte before a text is left to the expression: programs are full of them, and a search that begins with one stops
 * at each.
 */
export const signature = (purl: string, text: string, version: RegExp, also?: string): Signature => ({
  purl,
  text: text.length > 3 && text.startsWith('\0') ? text.slice(1) : text,
  version,
  ...(also === undefined ? {} : { also }),
});

export const named = (names: string | readonly string[], ...signatures: readonly Signature[]): Classifier => ({
  names: typeof names === 'string' ? [names] : names,
  signatures,
});
