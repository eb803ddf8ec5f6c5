import { z } from 'zod';
import { getJson } from '../../../../lib/cli/api-client.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { createSingleFlight, type GateAnswer, type GatedImage, type GateReader } from '../../../../lib/mirror/index.ts';

/** Of the API's answer, what a mirror needs to know. */
const imageAnswer = z.object({
  image: z.object({ verdict: z.object({ decision: z.string(), reasons: z.array(z.string()) }).optional() }),
});

export interface ApiGateOptions {
  /** Base address of Lading's API; `undefined` while it has none yet. */
  readonly api: () => string | undefined;
  /** The image's name in Lading's catalogue, without the digest. */
  readonly nameOf: (image: GatedImage) => string;
  readonly onProblem: (error: unknown) => void;
}

/** Asks Lading's API for the standing verdict. What it does not know, or while it does not answer, is pending. */
export function apiGate({ api, nameOf, onProblem }: ApiGateOptions): GateReader {
  const flights = createSingleFlight<GateAnswer>();
  return {
    async decisionOn(image) {
      const base = api();
      if (base === undefined) return { decision: 'pending' };
      const name = `${nameOf(image)}@${image.digest}`;
      return flights.run(name, async () => {
        try {
          const path = `/api/image?ref=${encodeURIComponent(name)}`;
          const { verdict } = (await getJson({ api: base, local: undefined }, path, imageAnswer)).image;
          if (verdict === undefined) return { decision: 'pending' };
          if (verdict.decision === 'allow') return { decision: 'allow' };
          return { decision: 'deny', reasons: verdict.reasons };
        } catch (error) {
          // A gate that cannot be asked lets nothing out.
          if (!isLadingError(error, 'image-unknown')) onProblem(error);
          return { decision: 'pending' };
        }
      });
    },
  };
}
