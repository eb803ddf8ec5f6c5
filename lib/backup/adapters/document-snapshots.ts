import { z } from 'zod';
import { digestOf } from '../../core/digest.ts';
import { LadingError } from '../../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../../core/json.ts';
import type { DocumentStore } from '../../documents/index.ts';
import { snapshotSchema } from '../model.ts';
import type { SnapshotStore } from '../ports.ts';

const PREFIX = 'snapshots/';
const MAX_BYTES = 256 * 1024 * 1024;

/** As plain JSON under `snapshots/REGISTRY/TIME.json`: in an emergency it must be readable with what is at hand. */
export function documentSnapshots(store: DocumentStore): SnapshotStore {
  return {
    async save(snapshot) {
      const key = `${PREFIX}${snapshot.registry}/${snapshot.takenAt}.json`;
      const content = Buffer.from(`${canonicalJson(snapshot)}\n`);
      await store.putIfAbsent(key, content);
      return { key, digest: digestOf(content), snapshot };
    },
    async list(registry) {
      const keys: string[] = [];
      for await (const key of store.list(registry === undefined ? PREFIX : `${PREFIX}${registry}/`)) keys.push(key);
      return keys.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1));
    },
    async load(key) {
      const content = await store.get(key);
      if (!content) {
        throw new LadingError('snapshot-unknown', `there is no snapshot ${key}`, {
          hint: '"lading dr snapshots" lists those that there are',
        });
      }
      const parsed = snapshotSchema.safeParse(parseJsonStrict(content, { what: key, maxBytes: MAX_BYTES }));
      if (parsed.success) return { key, digest: digestOf(content), snapshot: parsed.data };
      throw new LadingError('snapshot-damaged', `${key}: ${z.prettifyError(parsed.error)}`);
    },
  };
}

const timeOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);
