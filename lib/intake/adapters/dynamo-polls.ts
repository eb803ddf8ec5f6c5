import { queryAll, type Table } from '../../aws/table.ts';
import type { PollStore } from '../ports.ts';

/** A row per tag, one that says that a repository was seen whole, and one for where the last run stopped. */
export function dynamoPolls(table: Table): PollStore {
  const pkOf = (of: { readonly registry: string; readonly repository: string }): string =>
    `poll#${of.registry}/${of.repository}`;
  const cursorKey = (registry: string) => ({ pk: `poll#${registry}`, sk: 'CURSOR' });
  return {
    async seen(of) {
      const digests = new Map<string, string>();
      let complete = false;
      for await (const item of queryAll(table, { pk: pkOf(of) })) {
        const sk = String(item['sk']);
        if (sk === 'COMPLETE') complete = true;
        else digests.set(sk.slice('TAG#'.length), String(item['digest']));
      }
      return { digests, complete };
    },
    async remember(of, tag, digest) {
      await table.put({ pk: pkOf(of), sk: `TAG#${tag}`, digest });
    },
    async forget(of, tag) {
      await table.delete({ pk: pkOf(of), sk: `TAG#${tag}` });
    },
    async complete(of) {
      await table.put({ pk: pkOf(of), sk: 'COMPLETE' });
    },
    async cursor(registry) {
      const item = await table.get(cursorKey(registry));
      return item && { repository: String(item['repository']), tag: String(item['tag']) };
    },
    async saveCursor(registry, cursor) {
      if (cursor === undefined) await table.delete(cursorKey(registry));
      else await table.put({ ...cursorKey(registry), ...cursor });
    },
  };
}
