import type { Digest } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { replicationTargets } from '../replication/index.ts';
import type { KnownPlace, PlaceFinder } from './ports.ts';

type Address = Pick<ImageLocation, 'registry' | 'repository'>;

/** What is read of replication's records. */
export interface ReplicaRecords {
  find(target: ImageLocation): Promise<{ readonly source: ImageLocation } | undefined>;
  replicasOf(
    source: ImageLocation,
  ): AsyncIterable<{ readonly target: ImageLocation; readonly state: 'intended' | 'complete' }>;
  readonly tags: {
    find(of: Address, tag: string): Promise<{ readonly digest: Digest; readonly setAt: string } | undefined>;
  };
}

/** Where images are by the records of replication, asked from the source's side or from a copy's. */
export function recordedPlaces(
  replicas: ReplicaRecords,
  config: Parameters<typeof replicationTargets>[0],
): PlaceFinder {
  return {
    async placesOf(image) {
      const source = (await replicas.find(image))?.source ?? image;
      const places: KnownPlace[] = [{ at: source, standing: 'source' }];
      for await (const { target, state } of replicas.replicasOf(source)) {
        if (state === 'complete') places.push({ at: target, standing: 'replica' });
      }
      return places;
    },
    async lastSeen(source, tag) {
      let seen: { readonly digest: Digest; readonly setAt: string } | undefined;
      for (const target of replicationTargets(config, source)) {
        const set = await replicas.tags.find(target, tag);
        if (set && (seen === undefined || set.setAt > seen.setAt)) seen = set;
      }
      return seen?.digest;
    },
  };
}
