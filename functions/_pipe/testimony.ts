import { locationKey } from '../../lib/core/image-reference.ts';
import { dynamoWaiverStore } from '../../lib/policy/adapters/dynamo-waiver-store.ts';
import type { TestimonyReader } from '../../lib/policy/index.ts';
import { dynamoVoteStore } from '../../lib/scanners/adapters/dynamo-vote-store.ts';
import { dynamoVexStore } from '../../lib/vex/adapters/dynamo-vex-store.ts';
import { once } from './once.ts';
import { table } from './wiring.ts';

/** What people and other scanners said, all in the table of verdicts, which depend on it. */
export const testimony = once((): TestimonyReader => {
  const verdicts = table('verdicts');
  const [waivers, vex, votes] = [dynamoWaiverStore(verdicts), dynamoVexStore(verdicts), dynamoVoteStore(verdicts)];
  return {
    async testimonyOn(image) {
      const [given, records, own] = await Promise.all([waivers.list(), vex.of(image), votes.of(locationKey(image))]);
      const statements = records.flatMap((one) =>
        one.statements.map((statement) => ({ statement, origin: one.origin })),
      );
      return { waivers: given, statements, votes: own };
    },
  };
});
