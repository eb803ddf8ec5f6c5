/** The part of an SPDX document that is written here, common to SPDX 2.3 (ISO/IEC 5962's successor) and SPDX 3.0.1. */
export interface SpdxDocument {
  readonly name: string;
  /** A URI without fragment that no other document has (SPDX 2.3, section 6.5). */
  readonly namespace: string;
  /** `2026-01-31T00:00:00Z`: without fractions of a second (section 6.9). */
  readonly created: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly comment?: string;
  /** Ids of the packages that the document is about. */
  readonly describes: readonly string[];
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly SpdxRelationship[];
  /** Licences that are on no list, which expressions name as `LicenseRef-…`. */
  readonly licenses: readonly SpdxLicenseText[];
}

export interface SpdxPackage {
  /** Letters, digits, dots and hyphens, unique in the document; written with `SPDXRef-` before it. */
  readonly id: string;
  readonly name: string;
  readonly version?: string;
  readonly purpose: SpdxPurpose;
  readonly supplier?: SpdxAgent;
  /** An SPDX expression; where it is absent, nothing is asserted. */
  readonly licenseDeclared?: string;
  readonly checksums: readonly { readonly algorithm: 'SHA-1' | 'SHA-256' | 'SHA-512'; readonly value: string }[];
  readonly purl?: string;
  readonly cpes: readonly string[];
  /** How the package was found (section 7.12). */
  readonly sourceInfo?: string;
  /** What the format has no field for, in one text. */
  readonly annotation?: string;
}

export type SpdxPurpose = 'container' | 'operating-system' | 'library' | 'application' | 'model';

export interface SpdxAgent {
  readonly kind: 'person' | 'organization';
  readonly name: string;
  readonly email?: string;
}

export interface SpdxRelationship {
  readonly from: string;
  readonly kind: 'contains' | 'depends-on';
  readonly to: readonly string[];
  /** Whether what is named is all that there is (SPDX 3 only). */
  readonly complete: boolean;
}

export interface SpdxLicenseText {
  /** `LicenseRef-…` */
  readonly id: string;
  readonly name: string;
  readonly text: string;
}

export const spdxId = (id: string): string => `SPDXRef-${id}`;
export const NO_ASSERTION = 'NOASSERTION';

/** `Organization: Debian (security@debian.org)`, as SPDX 2.3 writes who somebody is (section 6.8). */
export function agentText({ kind, name, email }: SpdxAgent): string {
  return `${kind === 'person' ? 'Person' : 'Organization'}: ${name}${email === undefined ? '' : ` (${email})`}`;
}

export const toolText = ({ name, version }: SpdxDocument['tool']): string => `Tool: ${name}-${version}`;
