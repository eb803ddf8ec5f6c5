/** The base score of a CVSS vector and the version of CVSS that it is written in; `undefined` for what is no vector. */
export type ScoreVector = (text: string) => { vector: string; score: number; version: number } | undefined;

/** Loads the calculator on first use: only compiling advisories needs it, and it is larger than all of matching. */
export async function loadScorer(): Promise<ScoreVector> {
  const { default: calculator } = await import('ae-cvss-calculator');
  return (text) => {
    try {
      const vector = calculator.fromVector(text.trim());
      if (!vector?.isBaseFullyDefined()) return undefined;
      const score = vector.calculateScores().base;
      if (typeof score !== 'number' || !Number.isFinite(score)) return undefined;
      return { vector: text.trim(), score, version: Number(/[\d.]+$/.exec(vector.getVectorName())?.[0] ?? 0) };
    } catch {
      // A vector that the calculator cannot read is no rating; the source's words are looked at instead.
      return undefined;
    }
  };
}
