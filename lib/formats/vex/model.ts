/** OpenVEX specification 0.2.0, "Status Labels"; CSAF and CycloneDX say the same in other words. */
export const vexStatuses = ['not_affected', 'affected', 'fixed', 'under_investigation'] as const;
export type VexStatus = (typeof vexStatuses)[number];

/** OpenVEX specification 0.2.0, "Status Justifications"; CSAF 2.0 has the same labels as flags (3.2.3.5.1). */
export const vexJustifications = [
  'component_not_present',
  'vulnerable_code_not_present',
  'vulnerable_code_not_in_execute_path',
  'vulnerable_code_cannot_be_controlled_by_adversary',
  'inline_mitigations_already_exist',
] as const;
export type VexJustification = (typeof vexJustifications)[number];

/** One thing under all the names that its document has for it: purl, `sha256:…`, CPE, or an IRI. */
export type VexNames = readonly string[];

export interface VexProduct {
  readonly names: VexNames;
  /** The parts of the product that the statement is about; the whole of it where there are none. */
  readonly subcomponents: readonly VexNames[];
}

/** What somebody says about one vulnerability in some products. */
export interface VexStatement {
  /** The names of the vulnerability, its main one first. */
  readonly ids: readonly string[];
  readonly status: VexStatus;
  readonly justification?: VexJustification | undefined;
  /** Why, in words. */
  readonly detail?: string | undefined;
  /** What to do about it. */
  readonly action?: string | undefined;
  /** Since when it is said; ISO 8601 in UTC. */
  readonly time: string;
  readonly products: readonly VexProduct[];
}

export const vexFormats = ['openvex', 'csaf', 'cyclonedx'] as const;

export interface VexDocument {
  readonly format: (typeof vexFormats)[number];
  readonly id: string;
  readonly author: string;
  readonly statements: readonly VexStatement[];
  /** Statements that were left out because nothing here can understand them. */
  readonly skipped: number;
}

/** More statements than this are an attack or a mistake. */
export const MAX_STATEMENTS = 100_000;
