import type { Digest } from '../core/digest.ts';
import { AdvisorySourceError } from './errors.ts';
import { INDEX, type SourceSection } from './model.ts';
import type { ReadLimits } from './open-file.ts';
import type { AdvisoryStore, ChangeReading } from './ports.ts';
import { type AdvisoryRead, readAdvisories } from './read-advisories.ts';

/** Shards that are open at once. */
const BATCH = 64;
/** Changed records that cannot be read: over a tenth, and a handful, something is wrong with all of them. */
const MAX_REJECTED_SHARE = 0.1;
const MAX_REJECTED_FEW = 3;

/**
 * All that a source says after some of its records changed: the changed ones as they are now, and the others as its
 * last section has them. Compiled, this is what reading the whole source again would give.
 *
 * A changed record that cannot be read is reported, and what it said before goes on counting.
 *
 * @throws AdvisorySourceError `broken`, `malformed` or `too-large`
 */
export async function* foldChanges(
  store: Pick<AdvisoryStore, 'loadShards'>,
  base: SourceSection,
  { files, gone, recordKey = (record) => record }: ChangeReading,
  limits?: ReadLimits,
): AsyncGenerator<AdvisoryRead> {
  const replaced = new Set(gone);
  let rejected = 0;
  for (const file of files) {
    const reads: AdvisoryRead[] = [];
    for await (const read of readAdvisories(only(file), limits)) reads.push(read);
    yield* reads;
    if (reads.some(({ kind }) => kind === 'rejected')) {
      rejected++;
      continue;
    }
    replaced.add(file.record);
    for (const name of reads.flatMap(namesOf)) replaced.add(recordKey(name));
  }
  if (rejected > Math.max(MAX_REJECTED_FEW, files.length * MAX_REJECTED_SHARE)) {
    throw new AdvisorySourceError('malformed', `${rejected} of ${files.length} changed records are malformed`);
  }
  for (const { name: ecosystem, shards } of base.ecosystems) {
    // It is made anew of what the others hold.
    if (ecosystem === INDEX) continue;
    const digests = shards.filter((digest): digest is Digest => digest !== null);
    for (let at = 0; at < digests.length; at += BATCH) {
      const loaded = await store.loadShards(digests.slice(at, at + BATCH));
      for (const { packages } of loaded.values()) {
        for (const { name, advisories, facts } of packages) {
          yield {
            kind: 'record',
            advisories: advisories
              .filter(({ record }) => !replaced.has(recordKey(record)))
              .map((entry) => ({ ecosystem, name, entry })),
            ...(facts && !replaced.has(recordKey(name)) ? { facts: [{ about: ecosystem, name, facts }] } : {}),
          };
        }
      }
    }
  }
}

const namesOf = (read: AdvisoryRead): readonly string[] =>
  read.kind === 'rejected'
    ? []
    : [...(read.advisories ?? []).map(({ entry }) => entry.record), ...(read.facts ?? []).map(({ name }) => name)];

async function* only<T>(item: T): AsyncGenerator<T> {
  yield item;
}
