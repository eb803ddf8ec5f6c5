import { pack, unpack } from '../../aws/packed.ts';
import { queryAll, type Table } from '../../aws/table.ts';
import { digestOf } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import { type Vote, voteSchema } from '../model.ts';
import type { VoteStore } from '../ports.ts';

const pkOf = (image: string): string => `VOTES#${image}`;

/** One row for each image and voter, in the table of verdicts, which depend on them. */
export function dynamoVoteStore(table: Table): VoteStore {
  return {
    async put(image, vote) {
      const key = { pk: pkOf(image), sk: vote.voter };
      const content = digestOf(canonicalJson(vote.report));
      const known = await table.get(key);
      if (known?.content === content) return 'unchanged';
      const scannedAt = instantOf(vote);
      const stored = await table.put(
        { ...key, scannedAt, content, vote: pack(vote, 'report-too-large') },
        { expression: 'attribute_not_exists(pk) OR scannedAt <= :scannedAt', values: { ':scannedAt': scannedAt } },
      );
      return stored ? 'stored' : 'superseded';
    },
    async of(image) {
      const votes: Vote[] = [];
      for await (const item of queryAll(table, { pk: pkOf(image) })) votes.push(voteSchema.parse(unpack(item.vote)));
      return votes;
    },
  };
}

/** When it was scanned, or where the report does not say, taken in; in one form, so that texts compare as times do. */
export function instantOf({ report, receivedAt }: Vote): string {
  const time = Date.parse(report.scannedAt ?? '');
  const received = Date.parse(receivedAt);
  // A clock that is ahead would keep every later report out.
  return new Date(Number.isNaN(time) ? received : Math.min(time, received)).toISOString();
}
