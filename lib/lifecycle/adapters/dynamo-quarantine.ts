import { ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import { parseDigest } from '../../core/digest.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import { type Quarantine, quarantineSchema } from '../model.ts';
import type { QuarantineStore } from '../ports.ts';

/*
 * Rows `quarantine#<root>` with the record, `aside#<digest>` with the root that a digest was set aside with, and
 * `restored#<tag>` with the time since when a tag that was put back had named its digest.
 */
const partition = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function dynamoQuarantine(table: Table): QuarantineStore {
  const key = (of: RepositoryName, root: string) => ({ pk: partition(of), sk: `quarantine#${root}` });
  const find = async (of: RepositoryName, root: string): Promise<Quarantine | undefined> => {
    const row = await table.get(key(of, root));
    return row && quarantineSchema.parse(row.quarantine);
  };
  return {
    async quarantined(of) {
      const rows = queryAll(table, { pk: partition(of), sortKey: { beginsWith: 'quarantine#' } });
      return (await Array.fromAsync(rows)).map((row) => quarantineSchema.parse(row.quarantine));
    },
    async quarantine(of, quarantine) {
      // Its digests first: a record that is there is found by each of them.
      for (const digest of quarantine.digests) {
        await table.put({ pk: partition(of), sk: `aside#${digest}`, root: quarantine.root });
      }
      return await table.put({ ...key(of, quarantine.root), quarantine }, ifAbsent);
    },
    async quarantineOf(at) {
      const aside = await table.get({ pk: partition(at), sk: `aside#${at.digest}` });
      return await find(at, typeof aside?.root === 'string' ? aside.root : at.digest);
    },
    async endQuarantine(of, { root, digests }, restored) {
      for (const { tag, ...rest } of restored) {
        const expiresAt = Math.ceil(Date.parse(rest.until) / 1000) + KEPT_SECONDS;
        await table.put({ pk: partition(of), sk: `restored#${tag}`, ...rest, expiresAt });
      }
      await table.delete(key(of, root));
      const values = { ':root': root };
      for (const digest of digests) {
        await table.delete({ pk: partition(of), sk: `aside#${digest}` }, { expression: 'root = :root', values });
      }
    },
    async restoredTags(of) {
      const under = 'restored#';
      const rows = queryAll(table, { pk: partition(of), sortKey: { beginsWith: under } });
      return (await Array.fromAsync(rows)).map((row) => ({
        tag: String(row.sk).slice(under.length),
        digest: parseDigest(String(row.digest)),
        boundAt: String(row.boundAt),
        until: String(row.until),
      }));
    },
  };
}

/** An age in a rule goes to a hundred years; ten are as good. */
const KEPT_SECONDS = 10 * 365 * 24 * 3600;
