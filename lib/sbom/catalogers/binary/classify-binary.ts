import { z } from 'zod';
import { once } from '../../../core/once.ts';
import { type Classifier, classifiersFor, type Signature } from './classifiers.ts';

export const identifiedSchema = once(() =>
  z.object({
    /** The purl without its version: `pkg:generic/busybox`. */
    purl: z.string(),
    version: z.string(),
  }),
);
export type Identified = z.infer<ReturnType<typeof identifiedSchema>>;

/** What stands around the text that is looked for. */
const BEFORE = 128;
const BEHIND = 256;
/** Places where a text may stand without its version; a file that repeats it for ever is not searched for ever. */
const MAX_PLACES = 100_000;

export interface Classification {
  /** Looks at a part of the file; parts may overlap. */
  look(part: Buffer): void;
  identified(): Identified[];
}

/**
 * Reads the version of a well-known program out of its own texts, by the name of the file. The time is linear in the size
 * of the file: a fixed text is searched, and an expression only looks at what is around it.
 */
export function createClassification(path: string): Classification {
  const open = classifiersFor(path).map((classifier) => ({ classifier, best: undefined as Match | undefined }));
  return {
    look(part) {
      for (const one of open) one.best = better(one.best, bestMatch(one.classifier, part, one.best?.rank));
    },
    identified: () => open.flatMap(({ best }) => (best ? [{ purl: best.signature.purl, version: best.version }] : [])),
  };
}

interface Match {
  /** Position of the signature: an earlier one goes before a later one wherever they are in the file. */
  readonly rank: number;
  readonly signature: Signature;
  readonly version: string;
}

const better = (a: Match | undefined, b: Match | undefined): Match | undefined =>
  b && (!a || b.rank < a.rank) ? b : a;

function bestMatch({ signatures }: Classifier, part: Buffer, below = signatures.length): Match | undefined {
  for (const [rank, signature] of signatures.slice(0, below).entries()) {
    const version = findVersion(signature, part);
    if (version !== undefined) return { rank, signature, version };
  }
  return undefined;
}

function findVersion({ text, version, also }: Signature, part: Buffer): string | undefined {
  if (also !== undefined && !part.includes(also, 0, 'latin1')) return undefined;
  let at = part.indexOf(text, 0, 'latin1');
  for (let places = 0; at >= 0 && places < MAX_PLACES; places++) {
    const around = part.toString('latin1', Math.max(0, at - BEFORE), at + text.length + BEHIND);
    const found = version.exec(around)?.groups?.version;
    if (found !== undefined) return found;
    at = part.indexOf(text, at + 1, 'latin1');
  }
  return undefined;
}
