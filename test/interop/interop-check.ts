/** One check of what we serve or write against a program that others wrote. */
export interface InteropCheck {
  readonly name: string;
  /** Programs that must be on the path; where one is absent, the check is reported as not run. */
  readonly needs: readonly string[];
  /**
   * Returns one line with the figures, and throws with the reason where the check fails. `tools` is a folder to put
   * before the path, `work` an empty folder that the runner makes and removes.
   */
  run(context: { readonly tools: string; readonly work: string }): Promise<string>;
}
