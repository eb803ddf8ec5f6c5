import { type Item, queryAll, type Table } from '../../aws/table.ts';
import { type Digest, digestHex } from '../../core/digest.ts';
import { type ImageLocation, locationKey } from '../../core/image-reference.ts';
import { type StandingVerdict, standingVerdictSchema } from '../model.ts';
import type { VerdictBoard } from '../ports.ts';

const SK = 'verdict';

/** Ends are found through the index, spread over partitions by the first digit of the digest. */
const DIGITS = [...'0123456789abcdef'];
const partitionOf = (digest: Digest): string => `VERDICTS#${digestHex(digest)[0]}`;

/** Times are compared as texts, so all are written alike. */
const normal = (time: string): string => new Date(time).toISOString();

export function dynamoVerdictBoard(table: Table): VerdictBoard {
  return {
    async find(image: ImageLocation) {
      const row = await table.get({ pk: locationKey(image), sk: SK });
      return row && toVerdict(row);
    },
    async stand(verdict) {
      const { subject, asOf, verifiedAt, validUntil } = verdict;
      const pk = locationKey(subject);
      const done = await table.put(
        {
          pk,
          sk: SK,
          gsi1pk: partitionOf(subject.digest),
          gsi1sk: `${normal(validUntil)}#${pk}`,
          asOf: normal(asOf),
          verifiedAt: normal(verifiedAt),
          verdict,
        },
        {
          expression: 'attribute_not_exists(pk) OR asOf < :asOf OR (asOf = :asOf AND verifiedAt <= :verifiedAt)',
          values: { ':asOf': normal(asOf), ':verifiedAt': normal(verifiedAt) },
        },
      );
      return done ? 'stands' : 'superseded';
    },
    async *endingBefore(time) {
      for (const digit of DIGITS) {
        const range = ['0', normal(time.toISOString())] as const;
        const query = { pk: `VERDICTS#${digit}`, index: 'gsi1', sortKey: { between: range } } as const;
        for await (const row of queryAll(table, query)) yield toVerdict(row);
      }
    },
    async lapse(verdict) {
      // Without the attributes of the index it is out of reach of renewal.
      const { subject, asOf, verifiedAt } = verdict;
      return table.put(
        {
          pk: locationKey(subject),
          sk: SK,
          asOf: normal(asOf),
          verifiedAt: normal(verifiedAt),
          verdict: { ...verdict, state: 'lapsed' },
        },
        { expression: 'verifiedAt = :verifiedAt', values: { ':verifiedAt': normal(verifiedAt) } },
      );
    },
  };
}

const toVerdict = (row: Item): StandingVerdict => standingVerdictSchema.parse(row.verdict);
