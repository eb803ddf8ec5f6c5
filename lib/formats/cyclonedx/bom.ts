/** The part of a CycloneDX document that is written here (ECMA-424; `bom-1.6.schema.json`, `bom-1.7.schema.json`). */
export interface Bom {
  readonly metadata: {
    /** ISO 8601 in UTC. */
    readonly timestamp: string;
    readonly tool: { readonly name: string; readonly version: string };
    readonly component: BomComponent;
    readonly properties?: readonly BomProperty[];
  };
  readonly components: readonly BomComponent[];
  /** By `bom-ref`. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** What is known to be missing makes the list `incomplete`. */
  readonly completeness: 'complete' | 'incomplete';
}

export interface BomComponent {
  readonly bomRef: string;
  readonly type: 'library' | 'application' | 'container' | 'operating-system' | 'file' | 'machine-learning-model';
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly supplier?: string;
  /** In hexadecimal digits. */
  readonly hashes?: readonly { readonly algorithm: 'SHA-1' | 'SHA-256' | 'SHA-512'; readonly value: string }[];
  readonly purl?: string;
  readonly cpe?: string;
  readonly licenses?: readonly BomLicense[];
  readonly properties?: readonly BomProperty[];
}

/** An SPDX id, an SPDX expression, or words that are neither. */
export type BomLicense =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'expression'; readonly expression: string }
  | { readonly kind: 'name'; readonly name: string };

export interface BomProperty {
  readonly name: string;
  readonly value: string;
}

/** Versions of the specification that are written. */
export type BomVersion = '1.6' | '1.7';
