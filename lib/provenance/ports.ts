import type { JsonWebKey } from 'node:crypto';
import type { ImageLocation } from '../core/image-reference.ts';
import type { DerivedLevel } from './derive-level.ts';

/** The public keys of a configured issuer, by the id that a token's header names. */
export interface IssuerKeys {
  find(address: string, keyId: string): Promise<JsonWebKey | undefined>;
}

/** What is known of how an image was built. */
export interface Lineage {
  /** The best level that was recorded stays; materials add up. */
  note(
    image: ImageLocation,
    entry: { readonly level: DerivedLevel['level']; readonly materials: readonly string[] },
  ): Promise<void>;
  levelOf(image: ImageLocation): Promise<DerivedLevel['level'] | undefined>;
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
