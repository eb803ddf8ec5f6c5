import { z } from 'zod';
import { ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import { digestOf } from '../../core/digest.ts';
import { locationKey, parseLocationKey } from '../../core/image-reference.ts';
import { digestSchema } from '../../events/index.ts';
import type { BuildLog, BuiltHow, CiBuild, Lineage, PushLog } from '../ports.ts';

const levelSchema = z.literal([0, 1, 2, 3]);

const answerSchema = z.enum(['yes', 'no', 'unknown']);
const ANSWERS = ['unknown', 'no', 'yes'] as const;

/** Keys of DynamoDB have at most 1,024 bytes. */
const sourceKey = (source: string): string => `lineage#${digestOf(source).slice('sha256:'.length)}`;

/** What each source says beside the image, and for each material a row that leads to the image. */
export function dynamoLineage(table: Table): Lineage {
  return {
    async note(image, { level, pushedByBuilder, source, materials }) {
      const pk = locationKey(image);
      await table.put(
        { pk, sk: sourceKey(source), level, pushedByBuilder },
        {
          expression: 'attribute_not_exists(pk) OR pushedByBuilder = :unknown OR :answer <> :unknown',
          values: { ':unknown': 'unknown', ':answer': pushedByBuilder },
        },
      );
      for (const material of new Set(materials)) await table.put({ pk: `MATERIAL#${material}`, sk: pk });
    },
    async of(image) {
      let best: BuiltHow | undefined;
      for await (const row of queryAll(table, { pk: locationKey(image), sortKey: { beginsWith: 'lineage' } })) {
        // Rows from before it was asked who pushed have no answer.
        const one = {
          level: levelSchema.parse(row.level),
          pushedByBuilder: answerSchema.catch('unknown').parse(row['pushedByBuilder']),
        };
        if (best === undefined || rank(one) > rank(best)) best = one;
      }
      return best;
    },
    async *builtFrom(material) {
      for await (const { sk } of queryAll(table, { pk: `MATERIAL#${material}` })) yield String(sk);
    },
  };
}

const rank = ({ level, pushedByBuilder }: BuiltHow): number =>
  level * ANSWERS.length + ANSWERS.indexOf(pushedByBuilder);

const buildSchema = z.object({
  issuer: z.string(),
  repository: z.string(),
  ref: z.string(),
  actor: z.string().optional(),
  hosted: z.boolean(),
  source: z.string(),
  document: z.object({ key: z.string(), digest: digestSchema }),
});

/** Who pushed is told within minutes; CI that says within a month what it built is answered. */
const KEEP_PUSHES_SECONDS = 30 * 24 * 3600;

/** Each writes its own word first and reads the other's then: of two that come at once, one at least sees both. */
export function dynamoPushLog(table: Table, now: () => Date): PushLog {
  const expiresAt = (): number => Math.floor(now().getTime() / 1000) + KEEP_PUSHES_SECONDS;
  return {
    async notePush(image, pusher) {
      const pk = locationKey(image);
      await table.put({ pk, sk: 'pusher', pusher, expiresAt: expiresAt() }, ifAbsent);
      const kept = await table.get({ pk, sk: 'pusher' }, { consistent: true });
      const builds: CiBuild[] = [];
      const query = { pk, sortKey: { beginsWith: 'ci-build#' }, consistent: true } as const;
      for await (const row of queryAll(table, query)) builds.push(buildSchema.parse(row['build']));
      return { pusher: String(kept?.['pusher'] ?? pusher), builds };
    },
    async noteBuild(image, build) {
      const pk = locationKey(image);
      await table.put({
        pk,
        sk: `ci-build#${digestOf(`${build.issuer} ${build.repository}`).slice('sha256:'.length)}`,
        build,
        expiresAt: expiresAt(),
      });
      const row = await table.get({ pk, sk: 'pusher' }, { consistent: true });
      return row === undefined ? undefined : String(row['pusher']);
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
