import { z } from 'zod';
import { locationKey } from '../../core/image-reference.ts';
import { gateDecided } from '../../events/index.ts';
import type { WorkLedger } from '../../work/index.ts';
import { findingSeverities } from '../config.ts';
import type { Judgements } from '../ports.ts';

const verdictSchema = z.object({ decision: z.enum(['allow', 'deny', 'quarantine']) });
const scanSchema = z.object({ scan: z.object({ counts: z.record(z.string(), z.number()) }) });

/** What the stages of an image published last, which the work ledger keeps. */
export const ledgerJudgements = (ledger: Pick<WorkLedger, 'list'>): Judgements => ({
  async of(image) {
    const outcomes = (await ledger.list(locationKey(image)))
      .filter(({ state }) => state === 'completed')
      .toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))
      .flatMap(({ outcome }) => outcome);
    // A scan, or news of advisories since: both tell the counts of the findings that then stood.
    const counts = outcomes.map(({ data }) => scanSchema.safeParse(data).data?.scan.counts).find((one) => one);
    return {
      verdict: verdictSchema.safeParse(outcomes.find((one) => one.detailType === gateDecided.detailType)?.data).data
        ?.decision,
      severity: counts && findingSeverities.find((severity) => (counts[severity] ?? 0) > 0),
    };
  },
});
