/** Where images of one registry can be had, for the configuration of container runtimes. */
export interface PullRoute {
  /** The registry in the names that people write. */
  readonly host: string;
  /** Asked in this order, before the registry itself. */
  readonly mirrors: readonly PullMirror[];
}

export interface PullMirror {
  readonly host: string;
  /** What stands before a repository's name there, with its slash (`mirror/`); empty where names are the same. */
  readonly prefix: string;
  /** Plain http. */
  readonly insecure: boolean;
}

export interface ClientFile {
  /** Below the folder of the client's configuration. */
  readonly path: string;
  readonly text: string;
}

export interface ClientFiles {
  readonly files: readonly ClientFile[];
  /** What the client cannot do, in sentences. */
  readonly losses: readonly string[];
}
