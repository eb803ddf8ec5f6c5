import type { CatalogEntry, CatalogReader } from '../inventory/index.ts';
import type { RetentionConfig, RetentionPlan } from '../lifecycle/index.ts';
import type { OverviewPorts } from '../overview/index.ts';
import type { RemediationConfig } from '../remediation/index.ts';
import type { ReplicationDesk } from './replication-routes.ts';
import type { RetentionDesk } from './retention-desk.ts';
import type { SbomDesk } from './sbom-desk.ts';
import type { SecurityDesk } from './security-desk.ts';
import type { StorageDesk } from './storage-desk.ts';

/** One event of the audit trail, as the feed shows it. */
export interface Activity {
  readonly seq: number;
  readonly time: string;
  readonly detailType: string;
  /** `registry/repository@digest`, where the event is about an image. */
  readonly subject?: string;
  /** The event's data, as recorded. */
  readonly data: unknown;
}

export interface ActivityFeed {
  /** Oldest first, after the given number. */
  after(seq: number, limit: number): Promise<readonly Activity[]>;
  /** Number of the newest entry; 0 when there is none. */
  head(): Promise<number>;
}

export interface FindingView {
  readonly id: string;
  readonly severity: string;
  readonly package: string;
  readonly version: string;
  readonly fixedVersions: readonly string[];
  readonly fixState: string;
  readonly location?: string;
  /** Digest of the layer that brought the package, and whose that is. */
  readonly layer?: string | undefined;
  readonly origin?: 'base' | 'own' | 'unknown' | undefined;
}

/** Documents that the pages show, by the key that the stage recorded. */
export interface ReportReader {
  findings(key: string): Promise<readonly FindingView[] | undefined>;
  /** The SBOM as CycloneDX JSON text. */
  sbom(key: string): Promise<Uint8Array | undefined>;
}

export interface KeyReader {
  /** The public half of the signing key, PEM. */
  publicKey(): Promise<string>;
}

export interface PlanPreview {
  /** What the deployed rules, or the given ones, would do now; nothing is recorded or deleted. */
  preview(config: RetentionConfig | undefined): Promise<readonly RetentionPlan[]>;
}

export interface AdvisoryOverview {
  /** The snapshot in force; absent before the first. */
  readonly snapshot?: {
    readonly id: string;
    /** Counts up with every snapshot. */
    readonly sequence: number;
    readonly createdAt: string;
    readonly advisories: number;
    /** Every image was matched against it. */
    readonly rematched: boolean;
  };
  readonly sources: readonly {
    readonly name: string;
    readonly scope: string;
    readonly advisories: number;
    /** Records that were left out because they are malformed. */
    readonly rejected: number;
    readonly readAt: string;
    /** When it was last read or found unchanged. */
    readonly goodAt?: string;
    /** Why it is not taken over: what is counted here is what it said before. */
    readonly problem?: { readonly kind: string; readonly message: string; readonly since: string };
    /** Bytes that the last run fetched of it, and that all runs did. */
    readonly fetched?: { readonly last: number; readonly total: number };
    readonly ecosystems: readonly {
      readonly name: string;
      readonly packages: number;
      readonly advisories: number;
    }[];
  }[];
}

export interface AdvisoryStatus {
  status(): Promise<AdvisoryOverview>;
}

export interface ConsolePorts extends OverviewPorts {
  readonly replication: ReplicationDesk;
  readonly catalog: CatalogReader;
  readonly activity: ActivityFeed;
  readonly reports: ReportReader;
  readonly keys: KeyReader;
  readonly plans: PlanPreview;
  readonly retention: RetentionDesk;
  readonly advisories: AdvisoryStatus;
  readonly sboms: SbomDesk;
  readonly security: SecurityDesk;
  /** What is done about findings that can be cleared. */
  readonly remediation: RemediationConfig;
  readonly accounts: StorageDesk;
  /** Whether a replication rule copies the image's repository. */
  replicated(entry: CatalogEntry): boolean;
}
