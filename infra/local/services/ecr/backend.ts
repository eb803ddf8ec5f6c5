import type { RegistryStore, StoredManifest } from '../../registry/index.ts';

/** What the control API needs of the embedded registry of a region. */
export type EcrBackend = Pick<
  RegistryStore,
  | 'listRepositories'
  | 'createRepository'
  | 'deleteRepository'
  | 'listManifests'
  | 'findManifest'
  | 'getManifest'
  | 'deleteManifest'
  | 'deleteTag'
  | 'referrers'
>;

export type EcrImage = StoredManifest;

/** The registry of one region: its store, and where it is reached. */
export interface EcrRegistry {
  readonly backend: EcrBackend;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
}
