import { LadingError } from '../../core/errors.ts';

/** A component of a CycloneDX document as found, of whatever version from 1.2 on. */
export interface ReadComponent {
  readonly bomRef?: string;
  readonly type: string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly cpe?: string;
  readonly supplier?: string;
  readonly licenses: readonly string[];
  readonly hashes: readonly { readonly algorithm: string; readonly value: string }[];
  /** The first value of each name. */
  readonly properties: ReadonlyMap<string, string>;
  /** In the order of the document, names repeated. */
  readonly allProperties: readonly { readonly name: string; readonly value: string }[];
}

export interface ReadBom {
  readonly specVersion: string;
  readonly serialNumber?: string;
  readonly timestamp?: string;
  /** What the document is about: `metadata.component`. */
  readonly subject?: ReadComponent;
  readonly tools: readonly { readonly name: string; readonly version?: string }[];
  readonly authors: readonly { readonly name?: string; readonly email?: string }[];
  /** Of `metadata`; the first value of each name. */
  readonly properties: ReadonlyMap<string, string>;
  /** All components, those inside others too, in the order of the document. */
  readonly components: readonly ReadComponent[];
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
  /** `complete`, `incomplete`, …: what the document says of its own completeness. */
  readonly aggregates: readonly string[];
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** `exactOptionalPropertyTypes`: an absent field must not become one with the value undefined. */
export const definedOnly = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;

export function firstOfEachName(
  properties: readonly { readonly name: string; readonly value?: string | undefined }[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const { name, value = '' } of properties) if (!values.has(name)) values.set(name, value);
  return values;
}

export const invalidBom = (why: string): LadingError =>
  new LadingError('cyclonedx-invalid', `the SBOM is no CycloneDX document: ${why.slice(0, 500)}`);
