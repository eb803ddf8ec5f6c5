import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../../../lib/core/clock.ts';
import type { Digest } from '../../../../lib/core/digest.ts';
import { openStateDocument } from '../state/atomic-file.ts';
import type { EcrImage } from './backend.ts';
import type { StatusFilter } from './calls.ts';

const timesSchema = z.object({ archivedAt: z.number().optional(), activatedAt: z.number().optional() });
type Times = Readonly<z.infer<typeof timesSchema>>;

/** An image that changed its storage class, as ECR's event tells it. */
export interface StorageClassChange {
  readonly region: string;
  readonly repository: string;
  readonly image: EcrImage;
  readonly to: 'ARCHIVE' | 'STANDARD';
  readonly time: Date;
}

/** Which images are in the archival storage class. Times are milliseconds since 1970. */
export interface StorageClasses {
  timesOf(at: ImagePlace): Times;
  isArchived(at: ImagePlace): boolean;
  set(at: ImagePlace, to: StorageClassChange['to']): Promise<void>;
  /** A push restores, and what is deleted has no class. */
  forget(at: ImagePlace): Promise<void>;
}

export interface ImagePlace {
  readonly region: string;
  readonly repository: string;
  readonly digest: Digest;
}

const keyOf = ({ region, repository, digest }: ImagePlace): string => `${region}/${repository}@${digest}`;

/** @throws LadingError `state-invalid` */
export async function openStorageClasses(directory: string, clock: Clock): Promise<StorageClasses> {
  const schema = z.array(z.tuple([z.string(), timesSchema]));
  const file = await openStateDocument(join(directory, 'storage-classes.json'), schema, []);
  const known = (): ReadonlyMap<string, Times> => new Map(file.current());
  const timesOf = (at: ImagePlace): Times => known().get(keyOf(at)) ?? {};
  const change = (at: ImagePlace, times: Times | undefined): Promise<void> =>
    file.update((before) => {
      const after = new Map(before);
      if (times) after.set(keyOf(at), times);
      else after.delete(keyOf(at));
      return { next: [...after], result: undefined };
    });
  return {
    timesOf,
    isArchived: (at) => timesOf(at).archivedAt !== undefined && timesOf(at).activatedAt === undefined,
    set: (at, to) => {
      const now = clock.now().getTime();
      return change(at, to === 'ARCHIVE' ? { archivedAt: now } : { ...timesOf(at), activatedAt: now });
    },
    async forget(at) {
      if (known().has(keyOf(at))) await change(at, undefined);
    },
  };
}

/** Restoring takes ECR up to 20 minutes; here nothing is ever on its way (`ACTIVATING`). */
export const hasStatus = (isArchived: boolean, wanted: StatusFilter): boolean =>
  wanted === 'ANY' || wanted === (isArchived ? 'ARCHIVED' : 'ACTIVE');
