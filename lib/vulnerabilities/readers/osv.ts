import {
  evaluateRange,
  eventsOf,
  type OsvAffected,
  type OsvRecord,
  parseOsvRecord,
  sortEvents,
} from '../../formats/osv/index.ts';
import { schemeOf, type VersionSchemeName } from '../../formats/versions/index.ts';
import type { ScoreVector } from '../cvss-score.ts';
import { canonicalEcosystem, canonicalName } from '../ecosystems.ts';
import type { AdvisoryEntry } from '../model.ts';
import { rate } from '../severity.ts';
import { isCve, sortIds } from '../vulnerability-ids.ts';
import type { JsonReader, PackageAdvisory } from './claim.ts';

export const osv: JsonReader = {
  name: 'OSV',
  matches: (document) =>
    'id' in document && ('affected' in document || 'modified' in document || 'schema_version' in document),
  read: (document, { scoreOf }) => ({ advisories: advisoriesOfOsv(parseOsvRecord(document), scoreOf) }),
};

/** What an OSV record says, package by package. Records about source code only (GIT ranges) say nothing of packages. */
function advisoriesOfOsv(record: OsvRecord, scoreOf: ScoreVector): readonly PackageAdvisory[] {
  const grouped = new Map<string, { ecosystem: string; name: string; affected: OsvAffected[] }>();
  for (const affected of record.affected) {
    if (!affected.package) continue;
    const ecosystem = canonicalEcosystem(affected.package.ecosystem);
    const name = canonicalName(ecosystem, affected.package.name);
    const key = JSON.stringify([ecosystem, name]);
    const group = grouped.get(key) ?? { ecosystem, name, affected: [] };
    group.affected.push(affected);
    grouped.set(key, group);
  }
  return [...grouped.values()].flatMap(({ ecosystem, name, affected }) => {
    const body = entryBody(record, ecosystem, affected, scoreOf);
    return body === undefined ? [] : [{ ecosystem, name, entry: { ...body, ...identityOf(record) } }];
  });
}

function entryBody(
  record: OsvRecord,
  ecosystem: string,
  affected: readonly OsvAffected[],
  scoreOf: ScoreVector,
): Omit<AdvisoryEntry, 'ids' | 'bundle'> | undefined {
  const ranges = affected.flatMap((part) => rangesOf(ecosystem, part));
  const listed = new Set(affected.flatMap((part) => part.versions));
  if (ranges.length === 0 && listed.size === 0 && !record.withdrawn) return undefined;
  const covered = (version: string): boolean =>
    ranges.some(({ scheme, events }) => scheme && evaluateRange({ scheme, events }, version).kind === 'affected');
  return {
    record: record.id,
    ...ratingOf(record, affected, scoreOf),
    ranges: record.withdrawn ? [] : ranges,
    versions: record.withdrawn ? [] : [...listed].filter((version) => !covered(version)).sort(),
    ...(affected.some((part) => part.ecosystem_specific?.urgency === 'end-of-life')
      ? { fixState: 'end-of-life' as const }
      : {}),
    ...symbolsOf(affected),
    ...moduleOf(record, ranges),
    ...(record.modified === undefined ? {} : { modified: record.modified }),
    ...(record.withdrawn === undefined ? {} : { withdrawn: record.withdrawn }),
  };
}

const MAX_SYMBOLS = 50;

/** Go: `imports` with their symbols; RustSec: functions. Package paths alone are a hint, too. */
function symbolsOf(affected: readonly OsvAffected[]): Pick<AdvisoryEntry, 'symbols'> {
  const named = affected.map(({ ecosystem_specific: specific }) => [
    ...(specific?.imports ?? []).flatMap(({ path, symbols }) =>
      symbols.length > 0 ? symbols.map((symbol) => `${path}.${symbol}`) : [path],
    ),
    ...(specific?.affects?.functions ?? []),
  ]);
  // A part that names none is affected however it is used.
  if (named.some((symbols) => symbols.length === 0)) return {};
  const symbols = [...new Set(named.flat())].sort();
  return symbols.length > 0 && symbols.length <= MAX_SYMBOLS ? { symbols } : {};
}

/** "Moderate: nodejs:20 security update": the distributions of Red Hat's family name a module stream only there. */
function moduleOf({ summary }: OsvRecord, ranges: AdvisoryEntry['ranges']): Pick<AdvisoryEntry, 'module'> {
  const isModular = ranges.some(({ events }) => events.some(([, version]) => /[.+]module[_+]/.test(version)));
  const module = isModular ? /^\w+: ([\w.+-]+:[\w.+-]+) /.exec(summary ?? '')?.[1] : undefined;
  return module === undefined ? {} : { module };
}

function rangesOf(ecosystem: string, affected: OsvAffected): AdvisoryEntry['ranges'] {
  const ranges = affected.ranges.flatMap((range) => {
    if (range.type === 'GIT') return [];
    const scheme = schemeFor(ecosystem, range.type);
    const events = eventsOf(range);
    return [{ ...(scheme ? { scheme } : {}), events: (scheme ? sortEvents(scheme, events) : events).map(mutable) }];
  });
  return ranges;
}

const mutable = <A, B>([a, b]: readonly [A, B]): [A, B] => [a, b];

/** A SEMVER range is ordered by semver, except where the ecosystem's own order is semver with additions. */
function schemeFor(ecosystem: string, type: 'SEMVER' | 'ECOSYSTEM'): VersionSchemeName | undefined {
  const own = schemeOf(ecosystem);
  if (type === 'ECOSYSTEM') return own;
  return own === 'go' || own === 'pub' || own === 'nuget' ? own : 'semver';
}

function ratingOf(
  record: OsvRecord,
  affected: readonly OsvAffected[],
  scoreOf: ScoreVector,
): Pick<AdvisoryEntry, 'severity' | 'cvss'> {
  const own = affected.flatMap((part) => part.severity);
  const scores = own.length > 0 ? own : record.severity;
  const vectors = scores.filter(({ type }) => type.startsWith('CVSS')).map(({ score }) => score);
  const words = [
    ...scores.filter(({ type }) => !type.startsWith('CVSS')).map(({ score }) => score),
    ...affected.flatMap((part) => [
      part.ecosystem_specific?.urgency,
      part.ecosystem_specific?.severity,
      part.database_specific?.severity,
    ]),
    record.database_specific?.severity,
  ];
  const rating = rate(scoreOf, vectors, words);
  // A malicious package (OpenSSF's MAL records) carries no score: there is nothing worse that could be rated.
  const severity = rating.severity === 'unknown' && record.id.startsWith('MAL-') ? 'critical' : rating.severity;
  return rating.cvss ? { severity, cvss: rating.cvss } : { severity };
}

/** Advisories of distributions that bundle the fixes of several vulnerabilities, and name those only as `related`. */
const BUNDLES = /^(?:ALSA|ALBA|ALEA|RLSA|RXSA|RHSA|RHBA|ELSA|SUSE-|openSUSE-|DSA|DLA|USN|MGASA|PHSA|OESA|openEuler-SA)/;

/**
 * The vulnerabilities that a record is about. `aliases` are names of the same one; `upstream` are those that a
 * distribution's advisory fixes, which become a finding each, so that a CVE is counted once, however many advisories
 * of whatever origin name it.
 */
function identityOf(record: OsvRecord): Pick<AdvisoryEntry, 'ids' | 'bundle'> {
  const upstream = record.upstream.length > 0 || !BUNDLES.test(record.id) ? record.upstream : record.related;
  const cves = sortIds(upstream.filter(isCve));
  const fixes = cves.length > 0 ? cves : sortIds(record.upstream);
  if (fixes.length > 1) return { ids: fixes, bundle: true };
  return { ids: named([...fixes, record.id, ...record.aliases]) };
}

const named = (ids: readonly string[]): [string, ...string[]] => sortIds(ids) as [string, ...string[]];
