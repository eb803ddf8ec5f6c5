/** What a process says by its exit code. */
export const exitCode = {
  done: 0,
  /** Done, and the answer is no: a finding is too grave, an SBOM has gaps. */
  no: 1,
  /** It could not be done. */
  failed: 2,
} as const;

/** The command goes on to its end, and the process then says no. */
export function answerNo(): void {
  process.exitCode = exitCode.no;
}
