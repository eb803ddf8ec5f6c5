import type { RangeEvent } from '../../formats/osv/index.ts';
import type { VersionSchemeName } from '../../formats/versions/index.ts';
import type { ScoreVector } from '../cvss-score.ts';
import { canonicalName } from '../ecosystems.ts';
import type { AdvisoryEntry, Facts } from '../model.ts';
import { rate, severityOfScore } from '../severity.ts';
import { isCve, sortIds } from '../vulnerability-ids.ts';

/** An advisory entry and the package that it is about. */
export interface PackageAdvisory {
  readonly ecosystem: string;
  readonly name: string;
  readonly entry: AdvisoryEntry;
}

/** What is known of a vulnerability or of a release, by its id. */
export interface NamedFacts {
  /** `@facts` or `@releases`. */
  readonly about: string;
  readonly name: string;
  readonly facts: Facts;
}

/** What one record gives. */
export interface RecordRead {
  readonly advisories?: readonly PackageAdvisory[];
  readonly facts?: readonly NamedFacts[];
}

export interface ReadContext {
  /** Of the file, and within an archive after it: some publishers say only there what a document is about. */
  readonly path: string;
  readonly scoreOf: ScoreVector;
}

/** One kind of JSON document. `matches` looks at its shape alone; `read` throws where the content does not fit it. */
export interface JsonReader {
  readonly name: string;
  matches(document: JsonObject): boolean;
  read(document: JsonObject, context: ReadContext): RecordRead;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a record says about one package, in any format. */
export interface Claim {
  readonly record: string;
  readonly ids: readonly string[];
  readonly ecosystem: string;
  readonly name: string;
  readonly scheme?: VersionSchemeName | undefined;
  /** In ascending order. Without any, all versions are affected. */
  readonly events: readonly RangeEvent[];
  readonly vectors?: readonly string[];
  readonly words?: readonly unknown[];
  readonly score?: { readonly value: number; readonly version: number } | undefined;
  readonly fixState?: AdvisoryEntry['fixState'] | undefined;
  readonly module?: string | undefined;
  readonly modified?: string | undefined;
}

export const OPEN: readonly RangeEvent[] = [['introduced', '0']];
/** All versions older than the one that fixes it. */
export const before = (fixed: string): readonly RangeEvent[] => [...OPEN, ['fixed', fixed]];

/** A claim that names several CVEs speaks of each; with one, its record is another name of that. */
export function toAdvisory(claim: Claim, scoreOf: ScoreVector): PackageAdvisory {
  const { record, ecosystem, scheme, events, fixState, module, modified } = claim;
  const cves = sortIds(claim.ids.filter(isCve));
  const ids = cves.length > 1 ? cves : sortIds(claim.ids.length > 0 ? claim.ids : [record]);
  const rating = rate(scoreOf, claim.vectors ?? [], claim.words ?? []);
  const scored = claim.score ? severityOfScore(claim.score.value, claim.score.version) : 'unknown';
  return {
    ecosystem,
    name: canonicalName(ecosystem, claim.name),
    entry: {
      record,
      ids,
      ...(cves.length > 1 ? { bundle: true } : {}),
      severity: rating.severity === 'unknown' ? scored : rating.severity,
      ...(rating.cvss ? { cvss: rating.cvss } : {}),
      ranges: [{ ...(scheme ? { scheme } : {}), events: events.map(([kind, version]) => [kind, version]) }],
      versions: [],
      ...(fixState ? { fixState } : {}),
      ...(module ? { module } : {}),
      ...(modified ? { modified } : {}),
    },
  };
}
