import { type Item, ifAbsent, type Table } from '../../aws/table.ts';
import { digestHex } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type Verdict, verdictSchema } from '../model.ts';
import type { VerdictStore } from '../ports.ts';

const STANDING = 'STANDING';
const pkOf = (image: string): string => `IMAGE#${image}`;
const skOf = (inputs: Verdict['inputs']['digest']): string => `INPUTS#${digestHex(inputs)}`;

/** Every verdict of an image under the digest of its inputs, and a row that says which one stands. */
export function dynamoVerdictStore(table: Table): VerdictStore {
  const read = async (pk: string, sk: string): Promise<Verdict | undefined> => {
    const item = await table.get({ pk, sk });
    return item ? toVerdict(item) : undefined;
  };
  return {
    async record(verdict) {
      const pk = pkOf(locationKey(verdict.subject));
      const sk = skOf(verdict.inputs.digest);
      const isFirst = await table.put({ pk, sk, verdict }, ifAbsent);
      const kept = isFirst ? verdict : await read(pk, sk);
      if (!kept) throw new LadingError('verdict-missing', `the verdict ${sk} of ${pk} is gone`, { retryable: true });
      await table.put(
        { pk, sk: STANDING, asOf: verdict.asOf, verdict: { ...kept, asOf: verdict.asOf } },
        { expression: 'attribute_not_exists(pk) OR asOf <= :asOf', values: { ':asOf': verdict.asOf } },
      );
      return kept;
    },
    standing: (image) => read(pkOf(image), STANDING),
    find: (image, inputs) => read(pkOf(image), skOf(inputs)),
  };
}

const toVerdict = (item: Item): Verdict => verdictSchema.parse(item.verdict);
