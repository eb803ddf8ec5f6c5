import { z } from 'zod';
import { queryAll, type Table } from '../../aws/table.ts';
import { locationKey, parseLocationKey } from '../../core/image-reference.ts';
import type { BuildLog, Lineage } from '../ports.ts';

const levelSchema = z.literal([0, 1, 2, 3]);

/** The level beside the image, and for each material a row that leads to the image. */
export function dynamoLineage(table: Table): Lineage {
  return {
    async note(image, { level, materials }) {
      const pk = locationKey(image);
      await table.put(
        { pk, sk: 'lineage', level },
        {
          expression: 'attribute_not_exists(pk) OR #level < :level',
          names: { '#level': 'level' },
          values: { ':level': level },
        },
      );
      for (const material of new Set(materials)) await table.put({ pk: `MATERIAL#${material}`, sk: pk });
    },
    async levelOf(image) {
      const row = await table.get({ pk: locationKey(image), sk: 'lineage' });
      return row && levelSchema.parse(row.level);
    },
    async *builtFrom(material) {
      for await (const { sk } of queryAll(table, { pk: `MATERIAL#${material}` })) yield String(sk);
    },
  };
}

/** CloudTrail tells within a quarter of an hour; after a day nobody comes any more. */
const KEEP_SECONDS = 24 * 3600;

export function dynamoBuildLog(table: Table, now: () => Date): BuildLog {
  const expiresAt = (): number => Math.floor(now().getTime() / 1000) + KEEP_SECONDS;
  const pkOf = (buildId: string): string => `BUILD#${buildId}`;
  return {
    async noteBuild(buildId, detail) {
      const pk = pkOf(buildId);
      await table.put({ pk, sk: 'build', detail: JSON.stringify(detail), expiresAt: expiresAt() });
      const images = [];
      for await (const { sk } of queryAll(table, { pk, sortKey: { beginsWith: 'push#' } })) {
        images.push(parseLocationKey(String(sk).slice('push#'.length)));
      }
      return images;
    },
    async notePush(buildId, image) {
      const pk = pkOf(buildId);
      await table.put({ pk, sk: `push#${locationKey(image)}`, expiresAt: expiresAt() });
      const build = await table.get({ pk, sk: 'build' });
      return build === undefined ? undefined : (JSON.parse(String(build.detail)) as unknown);
    },
  };
}
