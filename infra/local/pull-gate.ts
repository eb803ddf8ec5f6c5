import { z } from 'zod';
import { getJson } from '../../lib/cli/api-client.ts';
import { describeError } from '../../lib/core/errors.ts';
import { locationKey } from '../../lib/core/image-reference.ts';
import type { PullGate } from './aws-services.ts';

const trustAnswer = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('trusted') }),
  z.object({ kind: z.literal('distrusted'), reason: z.string(), detail: z.string() }),
]);

/**
 * The same question as at admission, asked before an image is pulled. Where it cannot be answered nothing is let out.
 *
 * @param api the base address of the API; `undefined` while there is none yet
 */
export const trustGate =
  (api: () => string | undefined): PullGate =>
  async (image) => {
    const base = api();
    if (base === undefined) return 'Lading is not ready yet';
    try {
      const path = `/api/trust/verdict?image=${encodeURIComponent(locationKey(image))}`;
      const answer = await getJson({ api: base, local: undefined }, path, trustAnswer);
      return answer.kind === 'trusted' ? undefined : `${answer.detail} (${answer.reason})`;
    } catch (error) {
      return `it cannot be told whether it is trusted: ${describeError(error)}`;
    }
  };
