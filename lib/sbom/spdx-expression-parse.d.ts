/** The package has no types of its own. It throws where the text is no SPDX licence expression. */
declare module 'spdx-expression-parse' {
  type Expression =
    | { readonly license: string; readonly plus?: true; readonly exception?: string }
    | { readonly left: Expression; readonly conjunction: 'and' | 'or'; readonly right: Expression };
  const parse: (text: string) => Expression;
  export = parse;
}
