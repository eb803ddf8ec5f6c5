import { locationKey } from '../../core/image-reference.ts';
import type { Verdict } from '../model.ts';
import type { VerdictStore } from '../ports.ts';

export function memoryVerdictStore(): VerdictStore {
  const verdicts = new Map<string, Verdict>();
  const standing = new Map<string, Verdict>();
  const keyOf = (image: string, inputs: string): string => JSON.stringify([image, inputs]);
  return {
    record: async (verdict) => {
      const image = locationKey(verdict.subject);
      const key = keyOf(image, verdict.inputs.digest);
      const kept = verdicts.get(key) ?? structuredClone(verdict);
      verdicts.set(key, kept);
      const known = standing.get(image);
      if (!known || known.asOf <= verdict.asOf) standing.set(image, { ...kept, asOf: verdict.asOf });
      return kept;
    },
    standing: async (image) => standing.get(image),
    find: async (image, inputs) => verdicts.get(keyOf(image, inputs)),
  };
}
