import type { ImageLocation } from '../core/image-reference.ts';
import type { DocumentRef } from '../documents/index.ts';
import type { DerivedLevel } from './derive-level.ts';
import type { PusherCheck } from './model.ts';

export interface BuiltHow {
  readonly level: DerivedLevel['level'];
  readonly pushedByBuilder: PusherCheck['answer'];
}

/** What CI told of a build, as far as it takes to say again who pushed. */
export interface CiBuild {
  readonly issuer: string;
  readonly repository: string;
  readonly ref: string;
  readonly actor?: string | undefined;
  readonly hosted: boolean;
  readonly source: string;
  /** The predicate. */
  readonly document: DocumentRef;
}

/** Pushes as registries tell of them and builds as CI tells of them, in either order: they meet by the image. */
export interface PushLog {
  /** The first who pushed stays: whoever pushes the same bytes again adds nothing. Answers them, and builds that were told of. */
  notePush(
    image: ImageLocation,
    pusher: string,
  ): Promise<{ readonly pusher: string; readonly builds: readonly CiBuild[] }>;
  /** Answers who pushed, where that was told already. */
  noteBuild(image: ImageLocation, build: CiBuild): Promise<string | undefined>;
}

/** What is known of how an image was built. */
export interface Lineage {
  /**
   * What one source says last stays, but for a word on who pushed, which "unknown" does not take back; materials add up.
   */
  note(
    image: ImageLocation,
    entry: BuiltHow & {
      /** Whose word it is; each has one. */
      readonly source: string;
      readonly materials: readonly string[];
    },
  ): Promise<void>;
  /** The best of all sources' words. */
  of(image: ImageLocation): Promise<BuiltHow | undefined>;
  /** Images that were built from a material of this digest, by location key. */
  builtFrom(material: string): AsyncIterable<string>;
}

/** Builds and pushes that are told of apart, in either order, and meet by the build's id. */
export interface BuildLog {
  /** Keeps a successful build; answers the images that it had pushed by then. */
  noteBuild(buildId: string, detail: unknown): Promise<readonly ImageLocation[]>;
  /** Keeps that a build pushed an image; answers the build where it has ended already. */
  notePush(buildId: string, image: ImageLocation): Promise<unknown | undefined>;
}
