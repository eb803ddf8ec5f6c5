import { LadingError, LimitExceededError } from '../../core/errors.ts';

/** An SPDX document as found, of version 2.2 to 3.0, as far as packages need it. */
export interface ReadSpdx {
  readonly version: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly created?: string;
  /** `Tool: syft-1.0`, `Organization: …`, in the words of SPDX 2. */
  readonly creators: readonly string[];
  readonly comment?: string;
  /** Ids of what the document says it is about. */
  readonly describes: readonly string[];
  readonly packages: readonly ReadSpdxPackage[];
  /** `from` needs `to`. */
  readonly dependencies: readonly { readonly from: string; readonly to: string }[];
  /** Text or name of `LicenseRef-…`. */
  readonly licenseNames: ReadonlyMap<string, string>;
}

export interface ReadSpdxPackage {
  readonly id: string;
  readonly name: string;
  readonly version?: string;
  /** As in SPDX 2.3, in upper case: `CONTAINER`, `OPERATING-SYSTEM`, `FILE`. */
  readonly purpose?: string;
  /** `Organization: Debian`, in the words of SPDX 2. */
  readonly supplier?: string;
  /** The declared expression, else the concluded one. */
  readonly license?: string;
  readonly checksums: readonly { readonly algorithm: string; readonly value: string }[];
  readonly purls: readonly string[];
  readonly cpes: readonly string[];
  readonly sourceInfo?: string;
  readonly annotations: readonly string[];
}

/** The longest field that is read. */
export const MAX_TEXT = 256 * 1024;
export const MAX_PACKAGES = 200_000;
export const MAX_RELATIONSHIPS = 2_000_000;

export function checkCount(count: number, most: number, what: string): void {
  if (count > most) throw new LimitExceededError(`spdx-${what}`, `the SBOM has over ${most} ${what}`);
}

export const invalidSpdx = (why: string): LadingError =>
  new LadingError('spdx-invalid', `the SBOM is no SPDX document that is read here: ${why.slice(0, 500)}`);

/** `NOASSERTION` and `NONE` say nothing. */
export const asserted = (text: string | undefined): string | undefined =>
  text === undefined || text === '' || text === 'NOASSERTION' || text === 'NONE' ? undefined : text;

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };
export const definedOnly = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;

/** Both directions of the two kinds of relationship that are read. */
export function readRelationship(
  from: string,
  kind: string,
  to: string,
): { readonly describes?: string; readonly dependency?: { readonly from: string; readonly to: string } } {
  switch (kind) {
    case 'DESCRIBES':
      return { describes: to };
    case 'DESCRIBED_BY':
      return { describes: from };
    case 'DEPENDS_ON':
      return { dependency: { from, to } };
    case 'DEPENDENCY_OF':
      return { dependency: { from: to, to: from } };
    default:
      return {};
  }
}
