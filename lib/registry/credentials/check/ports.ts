import type { ManifestReader, RegistryLister } from '../../ports.ts';

/** A registry to be asked what we may do there. Nothing is written. */
export interface RegistryProbe {
  readonly registry: Pick<ManifestReader & RegistryLister, 'headManifest' | 'listTags' | 'listRepositories'>;
  /** Whether it is a registry at all. @throws LadingError */
  ping(): Promise<void>;
  /** Proves who we are. @throws LadingError `registry-denied` */
  greet(): Promise<void>;
  /**
   * Which of the actions a token for them opens; undefined where the registry has no tokens, or their text says nothing.
   *
   * @throws LadingError `registry-denied`
   */
  grantsOf(repository: string, actions: readonly string[]): Promise<readonly string[] | undefined>;
}
