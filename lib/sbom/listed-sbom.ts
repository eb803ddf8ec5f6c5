import type { Origin, SbomOutcome } from './model.ts';

/** A package out of somebody's SBOM, as far as it can be identified: what matching needs, and no more. */
export interface ListedPackage {
  /** The purl type; `unknown` where the component has no purl that can be read. */
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string | undefined;
  readonly source?: { readonly name: string; readonly version?: string | undefined } | undefined;
  readonly distro?: ListedDistro | undefined;
  readonly licenses: readonly string[];
  readonly locations?: readonly string[] | undefined;
  /** Digest of the layer that brought it, where the document says so. */
  readonly layer?: string | undefined;
  /** Who brought that layer: the base image or whoever built on it. Only our own documents say so. */
  readonly origin?: Origin | undefined;
  /** What the document calls it by where it says what needs what. */
  readonly ref?: string | undefined;
  readonly supplier?: string | undefined;
  readonly hashes?: readonly { readonly algorithm: string; readonly value: string }[] | undefined;
  readonly cpes?: readonly string[] | undefined;
}

export interface ListedDistro {
  readonly id: string;
  readonly versionId?: string | undefined;
}

/** The forms that are read. */
export type ReadableFormat =
  | 'native'
  | 'cyclonedx-json'
  | 'cyclonedx-xml'
  | 'spdx-json'
  | 'spdx-tag-value'
  | 'syft-json';

/** An SBOM of whatever form in the one in which packages are matched, compared and judged. */
export interface ListedSbom {
  readonly packages: readonly ListedPackage[];
  /** From its operating-system component. */
  readonly distro?: ListedDistro | undefined;
  /** What the document says it is about. */
  readonly subject?: {
    readonly name: string;
    readonly version?: string | undefined;
    readonly purl?: string | undefined;
  };
  /** Components without version or readable purl: they can be listed, and not be matched. */
  readonly unidentified: number;
  readonly format?: ReadableFormat;
  /** `1.6`, `SPDX-2.3`, the version of Syft's schema. */
  readonly formatVersion?: string;
  /** The program that made it, as it says. */
  readonly tool?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** Persons, organisations and addresses that it names as its makers. */
  readonly authors?: readonly string[];
  readonly created?: string | undefined;
  /** By `ref` of packages. */
  readonly dependencies?: ReadonlyMap<string, readonly string[]>;
  /** What it says of its own completeness; absent where it says nothing. */
  readonly completeness?: 'complete' | 'incomplete' | undefined;
  /** Ours say how the reading ended. */
  readonly outcome?: SbomOutcome | undefined;
}
