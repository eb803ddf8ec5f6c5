import { digestOf } from '../../core/digest.ts';
import { canonicalJson } from '../../core/json.ts';
import type { DocumentStore } from '../../documents/index.ts';
import type { SourceScope } from '../model.ts';
import type { AdvisorySource } from '../ports.ts';

/** Advisory files that people put into the documents bucket under `advisories/inbox/`, in the formats of any source. */
export function inboxSource(
  documents: DocumentStore,
  options: { readonly name?: string; readonly prefix?: string; readonly scope?: SourceScope } = {},
): AdvisorySource {
  const { name = 'inbox', prefix = 'advisories/inbox/', scope = 'complete' } = options;
  return {
    name,
    scope,
    async read(validator) {
      const keys: string[] = [];
      for await (const key of documents.list(prefix)) keys.push(key);
      const contents = await Promise.all(
        keys.map(async (key) => ({ path: key.slice(prefix.length), bytes: await documents.get(key) })),
      );
      const files = contents.flatMap(({ path, bytes }) => (bytes ? [{ path, bytes }] : []));
      if (files.length === 0) return { kind: 'absent' };
      const now = digestOf(canonicalJson(files.map(({ path, bytes }) => [path, digestOf(bytes)])));
      if (now === validator) return { kind: 'unchanged' };
      return {
        kind: 'files',
        validator: now,
        files: (async function* () {
          yield* files;
        })(),
      };
    },
  };
}
