import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Item, Table } from '../../../lib/aws/table.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { dynamoCatalog } from '../../../lib/inventory/adapters/dynamo-catalog.ts';
import { startTestStack, type TestStack } from '../../support/stack.ts';
import type { BenchCase } from '../bench-case.ts';
import { median } from '../measure.ts';
import { createRepository, keepNewest } from './retention-repository.ts';

const TAGS = 100_000;
const root = join(import.meta.dirname, '..', '..', '..');

/** `lading retention preview` over 100,000 tags of a registry of the local stack, process start included. */
export const retentionPreview: BenchCase = {
  name: 'retention preview',
  async run({ runs, work, note }) {
    const stack = await startTestStack({ dataDir: work });
    try {
      const of = { registry: stack.source.host, repository: 'team/app' };
      const seeded = performance.now();
      await seed(stack, of);
      note(`the catalogue was filled in ${((performance.now() - seeded) / 1000).toFixed(0)} s`);
      const rules = join(work, 'rules.json');
      writeFileSync(rules, JSON.stringify(keepNewest));
      const preview = async (): Promise<number> => {
        const began = performance.now();
        const args = [
          'lib/cli/main.ts',
          'retention',
          'preview',
          '--rules',
          rules,
          '--api',
          stack.api,
          '--output',
          'json',
        ];
        const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 28 });
        const [plan] = (JSON.parse(stdout) as { counts: { keep: number; expire: number } }[]).values();
        if (!plan || plan.counts.keep + plan.counts.expire < TAGS / 2)
          throw new Error(`not the plan: ${stdout.slice(0, 500)}`);
        return (performance.now() - began) / 1000;
      };
      const first = await preview();
      const walls: number[] = [];
      for (let run = 0; run < runs; run++) {
        // Something changes between two of them, as it does.
        await stack.catalog.bindTag({ ...of, tag: `run-${run}`, digest: undefined, boundAt: new Date().toISOString() });
        walls.push(await preview());
      }
      return [
        { what: 'over 100,000 tags, from the command line', ours: median(walls), unit: 's', goal: { most: 5 } },
        { what: 'the first one, which reads the whole catalogue', ours: first, unit: 's' },
      ];
    } finally {
      await stack.close();
    }
  },
};

/** Through the catalogue's own adapter, with its writes put together: what previews do not read is left out. */
async function seed(stack: TestStack, of: { readonly registry: string; readonly repository: string }): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: stack.stack.endpoint,
    region: 'eu-central-1',
    credentials: stack.stack.developerKey,
  });
  const name = stack.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.toLowerCase().startsWith('tablescatalog'),
  )?.physicalId;
  let batch: Item[] = [];
  let isListed = false;
  const flush = async (): Promise<void> => {
    const items = batch.map((item) => ({ PutRequest: { Item: marshall(item) } }));
    batch = [];
    if (items.length > 0) await client.send(new BatchWriteItemCommand({ RequestItems: { [name ?? '']: items } }));
  };
  const later = async (item: Item): Promise<void> => {
    batch.push(item);
    if (batch.length === 25) await flush();
  };
  const table: Pick<Table, 'put' | 'update'> = {
    put: async (item) => {
      if (item.pk === 'repositories' && !isListed) {
        isListed = true;
        await later(item);
      }
      return true;
    },
    update: async (key, { expression, values = {} }) => {
      const set = [...expression.matchAll(/(\w+) = (?:if_not_exists\(\w+, )?(:\w+)/g)];
      await later({
        ...key,
        ...Object.fromEntries(set.map(([, attribute, value]) => [attribute, values[value as string]])),
      });
      return {};
    },
  };
  const catalog = dynamoCatalog(table as Table, systemClock);
  const repository = createRepository(of, TAGS);
  for (const entry of repository.entries()) await catalog.enter(entry);
  for (const tag of repository.tags()) await catalog.bindTag(tag);
  await flush();
  client.destroy();
}
