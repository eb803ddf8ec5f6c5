/** The part of SARIF 2.1.0 (OASIS, errata 01) that is written here: one run of one tool. */
export interface SarifLog {
  readonly tool: { readonly name: string; readonly version: string; readonly informationUri?: string };
  readonly rules: readonly SarifRule[];
  readonly results: readonly SarifResult[];
  /** What the run is about and was made with; keys are ours. */
  readonly properties?: Readonly<Record<string, unknown>>;
}

export type SarifLevel = 'error' | 'warning' | 'note' | 'none';

export interface SarifRule {
  readonly id: string;
  readonly title: string;
  readonly help: string;
  readonly helpUri?: string;
  readonly level: SarifLevel;
  /** From 0.0 to 10.0, by which code hosts sort. */
  readonly securitySeverity?: number;
  readonly tags: readonly string[];
}

export interface SarifResult {
  readonly ruleId: string;
  readonly level: SarifLevel;
  readonly message: string;
  /** Path in the image, with or without a leading slash. */
  readonly path: string;
  /** Name of the package, as a logical location. */
  readonly logicalName: string;
  /** Stays equal from run to run, so that a host knows the finding again. */
  readonly fingerprint: string;
  readonly suppression?: { readonly justification: string };
  readonly properties?: Readonly<Record<string, unknown>>;
}
