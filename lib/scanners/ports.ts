import type { ImageSubject } from '../events/index.ts';
import type { TaskKind } from './config.ts';
import type { Vote } from './model.ts';

/** The newest report of each scanner about each image, by location key. */
export interface VoteStore {
  /** `superseded` when a report of a later scan by the same voter is there; that one stays. */
  put(image: string, vote: Vote): Promise<'stored' | 'unchanged' | 'superseded'>;
  of(image: string): Promise<readonly Vote[]>;
}

/** A program with its arguments, to be run apart from us. */
export interface ScanTask {
  readonly scanner: TaskKind;
  readonly arguments: readonly string[];
  /** Where its report is to be brought. */
  readonly reportKey: string;
  /** Host of the registry that it pulls from. */
  readonly registry: string;
}

export type TaskState =
  | { readonly kind: 'running' }
  /** `exitCode` is that of the program; absent where it was never started, as `reason` says. */
  | { readonly kind: 'stopped'; readonly exitCode?: number; readonly reason?: string };

/** Runs container tasks: ECS on AWS, programs of this machine in the local stack. */
export interface TaskRunner {
  /** Under the same id it is the same task. Gives what it is looked at by. */
  run(task: ScanTask, id: string): Promise<string>;
  look(handle: string): Promise<TaskState>;
  stop(handle: string, reason: string): Promise<void>;
}

/** Where tasks leave their reports. */
export interface ReportInbox {
  /** `undefined` where there is none. @throws LadingError `report-too-large` */
  take(key: string): Promise<Uint8Array | undefined>;
}

/** One request to the API of a scanner: to its own host, at an address that was checked, following nothing. */
export type CallApi = (call: {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly allowPrivate: boolean;
  readonly allowInsecure: boolean;
  /** For everything, from the resolution of the name to the last byte. Milliseconds. */
  readonly timeMs?: number;
}) => Promise<{
  readonly status: number;
  /** Undefined where the body is empty or no JSON. */
  readonly json: unknown;
}>;

export interface LayerLocation {
  readonly digest: string;
  readonly url: string;
  /** For whoever fetches the layer: rights to read it, for a short time. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Where the layers of an image can be fetched from by a scanner that reads them itself. */
export interface LayerLocator {
  /** In the manifest's order; `undefined` where the image is not there. */
  locate(image: ImageSubject): Promise<readonly LayerLocation[] | undefined>;
}

/** What is in an image, for a scanner that reads no images. */
export interface ImagePackages {
  /** `undefined` where there is no SBOM. */
  of(image: ImageSubject): Promise<PackagesOfImage | undefined>;
}

export interface PackagesOfImage {
  readonly distro?: { readonly id: string; readonly versionId?: string | undefined } | undefined;
  /** False where the image could not be read whole. */
  readonly complete: boolean;
  readonly packages: readonly {
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly purl?: string | undefined;
    readonly arch?: string | undefined;
    readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
    readonly path: string;
  }[];
}
