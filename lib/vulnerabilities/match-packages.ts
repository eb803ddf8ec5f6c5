import { evaluateRange, type RangeResult } from '../formats/osv/index.ts';
import { compareVersions, schemeOf, versionScheme } from '../formats/versions/index.ts';
import { identify, type PackageLookup } from './ecosystems.ts';
import type { AdvisoryEntry, Coverage, Finding, MatchablePackage } from './model.ts';
import { markOwned } from './ownership.ts';
import { worst } from './severity.ts';
import type { AdvisoryView, SourcedAdvisory } from './snapshot.ts';
import { sortIds } from './vulnerability-ids.ts';

/** Part of every scan's identity: raised when the same packages and advisories would give other findings. */
export const MATCHER = 'lading-matcher/3';

export interface MatchResult {
  readonly findings: readonly Finding[];
  readonly coverage: Coverage;
}

/** Which advisories a package needs; `openSnapshot` reads them. */
export const lookupsOf = (packages: readonly MatchablePackage[]): readonly PackageLookup[] =>
  packages.flatMap((pkg) => identify(pkg).lookups);

/**
 * Matches packages against advisories. One vulnerability is one finding per package, whatever ids it goes by and
 * however many sources report it; the order of packages and advisories does not change the result.
 */
export function matchPackages(packages: readonly MatchablePackage[], view: AdvisoryView): MatchResult {
  const findings: Finding[] = [];
  const undecided: Coverage['undecided']['examples'] = [];
  const ecosystems = new Map<string, { packages: number; data: 'complete' | 'excerpt' | 'none' }>();
  const distinct = mergePackages(markOwned(packages));
  let owned = 0;
  let uncovered = 0;
  for (const pkg of distinct) {
    const { ecosystem, lookups } = identify(pkg);
    // The distribution fixes it under its own version, and its advisories say so.
    if (pkg.ownedBy !== undefined && view.coverageOf(pkg.ownedBy) === 'complete') {
      owned++;
      continue;
    }
    const data = coverageOf(ecosystem, lookups, view);
    if (data === 'none' || (ecosystem === LOOSE && !isSpokenOf(lookups, view))) uncovered++;
    ecosystems.set(ecosystem, { packages: (ecosystems.get(ecosystem)?.packages ?? 0) + 1, data });
    const hits: Hit[] = [];
    const known: SourcedAdvisory[] = [];
    for (const lookup of lookups) {
      for (const advisory of view.advisoriesOf(lookup.ecosystem, lookup.name)) {
        if (advisory.entry.withdrawn !== undefined) continue;
        const parts = unbundle(advisory);
        known.push(...parts);
        const verdict = judge(advisory.entry, lookup);
        if (verdict.kind === 'affected') hits.push(...parts.map((part) => ({ ...part, ...verdict, lookup })));
        if (verdict.kind === 'undecided') {
          undecided.push({ package: pkg.name, version: pkg.version, record: advisory.entry.record });
        }
      }
    }
    for (const cluster of unite(known, hits)) findings.push(toFinding(pkg, cluster));
  }
  findings.sort(orderFindings);
  undecided.sort((a, b) => compareTexts(JSON.stringify(a), JSON.stringify(b)));
  return {
    findings,
    coverage: {
      packages: distinct.length,
      uncovered,
      ecosystems: [...ecosystems].sort(([a], [b]) => compareTexts(a, b)).map(([name, entry]) => ({ name, ...entry })),
      undecided: { count: undecided.length, examples: undecided.slice(0, 50) },
      ...(owned > 0 ? { owned } : {}),
    },
  };
}

/** Programs of no ecosystem: that something is known of one says nothing of the others. */
const LOOSE = 'generic';

function coverageOf(
  ecosystem: string,
  lookups: readonly PackageLookup[],
  view: AdvisoryView,
): Coverage['ecosystems'][number]['data'] {
  if (lookups.length === 0) return 'none';
  const data = view.coverageOf(ecosystem);
  return ecosystem === LOOSE && data === 'complete' ? 'excerpt' : data;
}

const isSpokenOf = (lookups: readonly PackageLookup[], view: AdvisoryView): boolean =>
  lookups.some(({ ecosystem, name }) => view.advisoriesOf(ecosystem, name).length > 0);

type Verdict =
  | { readonly kind: 'affected'; readonly fixes: readonly string[]; readonly open: boolean }
  | { readonly kind: 'not-affected' }
  | { readonly kind: 'undecided' };

type Hit = SourcedAdvisory & {
  readonly lookup: PackageLookup;
  readonly fixes: readonly string[];
  /** The advisory knows no end: the newest version is affected, too. */
  readonly open: boolean;
};

/** OSV schema, "Evaluation": affected if the version is listed or in any of the ranges. */
export function judge(entry: AdvisoryEntry, lookup: Pick<PackageLookup, 'ecosystem' | 'version' | 'module'>): Verdict {
  if (isOtherModule(entry, lookup)) return { kind: 'not-affected' };
  const results = entry.ranges.map(
    ({ scheme, events }): RangeResult =>
      scheme ? evaluateRange({ scheme, events }, lookup.version) : { kind: 'undecided' },
  );
  const inRanges = results.filter((result) => result.kind === 'affected');
  if (inRanges.length > 0) {
    const fixes = [...new Set(inRanges.flatMap(({ fix }) => fix ?? []))];
    return { kind: 'affected', fixes, open: inRanges.every(({ end }) => end === 'open') };
  }
  const scheme = schemeOf(lookup.ecosystem);
  const listed = entry.versions.some(
    (version) =>
      version === lookup.version || (scheme !== undefined && compareVersions(scheme, version, lookup.version) === 0),
  );
  if (listed) return { kind: 'affected', fixes: [], open: false };
  return results.some(({ kind }) => kind === 'undecided') ? { kind: 'undecided' } : { kind: 'not-affected' };
}

/** As the distributions of Red Hat's family build modules: `18.17.1-1.module_el8.8.0+3618+8c1f2b1a`. */
const isModular = (version: string): boolean => /[.+]module[_+]/.test(version);

/**
 * A module's package and the same one outside of it, or in another stream, are no versions of each other. Which stream a
 * package is of, not every SBOM tells; then an advisory about any stream counts.
 */
function isOtherModule(entry: AdvisoryEntry, lookup: Pick<PackageLookup, 'version' | 'module'>): boolean {
  const fixes = entry.ranges.flatMap(({ scheme, events }) =>
    scheme === 'rpm' ? events.filter(([kind]) => kind === 'fixed').map(([, version]) => version) : [],
  );
  if (fixes.length === 0) return false;
  const modular = fixes.some(isModular) || entry.module !== undefined;
  if (modular !== (isModular(lookup.version) || lookup.module !== undefined)) return true;
  return entry.module !== undefined && lookup.module !== undefined && entry.module !== lookup.module;
}

/** A distribution's advisory that fixes several vulnerabilities speaks of each. */
const unbundle = ({ source, entry }: SourcedAdvisory): readonly SourcedAdvisory[] =>
  entry.bundle ? entry.ids.map((id) => ({ source, entry: { ...entry, ids: [id] } })) : [{ source, entry }];

/** An SBOM names a package once for each place that it was found in; a finding names all the places of one layer. */
function mergePackages(packages: readonly MatchablePackage[]): readonly MatchablePackage[] {
  const merged = new Map<string, MatchablePackage>();
  for (const pkg of packages) {
    const { type, name, version, purl, source, distro, layer, origin, ownedBy } = pkg;
    const key = JSON.stringify([type, name, version, purl, source, distro, layer, origin, ownedBy]);
    const known = merged.get(key);
    merged.set(key, { ...pkg, locations: [...(known?.locations ?? []), ...(pkg.locations ?? [])] });
  }
  return [...merged.values()];
}

/** Groups the hits by vulnerability: two records are about the same one if a chain of shared ids leads from one to the other. */
function unite(known: readonly SourcedAdvisory[], hits: readonly Hit[]): readonly (readonly Hit[])[] {
  if (hits.length < 2) return hits.length === 0 ? [] : [hits];
  const parents = new Map<string, string>();
  const find = (id: string): string => {
    let root = id;
    for (let next = parents.get(root); next !== undefined && next !== root; next = parents.get(root)) root = next;
    return root;
  };
  for (const { entry } of known) {
    const [first, ...others] = entry.ids as [string, ...string[]];
    for (const id of others) parents.set(find(id), find(first));
  }
  const clusters = new Map<string, Hit[]>();
  for (const hit of hits) {
    const root = find(hit.entry.ids[0] as string);
    clusters.set(root, [...(clusters.get(root) ?? []), hit]);
  }
  return [...clusters.values()];
}

function toFinding(pkg: MatchablePackage, hits: readonly Hit[]): Finding {
  const [id, ...aliases] = sortIds(hits.flatMap(({ entry }) => entry.ids)) as [string, ...string[]];
  const fixedVersions = sortVersions(hits);
  const sources = new Map(
    hits.map(({ source, entry }) => [JSON.stringify([source, entry.record]), { source, record: entry.record }]),
  );
  return {
    id,
    aliases,
    package: shown(pkg),
    ...worst(hits.map(({ entry }) => entry)),
    fixedVersions,
    fixState: fixState(hits, fixedVersions),
    ...ratingsOf(hits),
    ...symbolsOf(hits),
    ...(pkg.layer ? { layer: pkg.layer } : {}),
    ...(pkg.origin ? { origin: pkg.origin } : {}),
    locations: [...new Set(pkg.locations ?? [])].sort(),
    sources: [...sources].sort(([a], [b]) => compareTexts(a, b)).map(([, source]) => source),
  };
}

/** By one name, whichever form of SBOM it was read from: the group of a Maven package stands in its purl. */
function shown({ type, name, version, purl }: MatchablePackage): Finding['package'] {
  const colon = type === 'maven' && purl !== undefined ? name.lastIndexOf(':') : -1;
  return {
    name: name.slice(colon + 1),
    version,
    type,
    ...(purl ? { purl } : {}),
  };
}

/** Where sources differ, the one that promises most: a fix may come, and the release is not given up. */
const STATES = ['not-fixed', 'wont-fix', 'end-of-life', 'unknown'] as const;

function fixState(hits: readonly Hit[], fixedVersions: readonly string[]): Finding['fixState'] {
  if (fixedVersions.length > 0) return 'fixed';
  const said = new Set(hits.map(({ entry, open }) => entry.fixState ?? (open ? 'not-fixed' : 'unknown')));
  return STATES.find((state) => said.has(state)) ?? 'unknown';
}

/** Of each record that rates it, where they are several. */
function ratingsOf(hits: readonly Hit[]): Pick<Finding, 'ratings'> {
  const ratings = new Map(
    hits
      .filter(({ entry }) => entry.severity !== 'unknown')
      .map(({ entry: { record, severity, cvss } }) => [record, { by: record, severity, ...(cvss ? { cvss } : {}) }]),
  );
  if (ratings.size < 2) return {};
  return { ratings: [...ratings].sort(([a], [b]) => compareTexts(a, b)).map(([, rating]) => rating) };
}

/** A hint, where any record names some: most databases say nothing of them. */
function symbolsOf(hits: readonly Hit[]): Pick<Finding, 'symbols'> {
  const named = hits.map(({ entry }) => entry.symbols ?? []);
  const withSymbols = named.filter((symbols) => symbols.length > 0);
  return withSymbols.length === 0 ? {} : { symbols: [...new Set(withSymbols.flat())].sort() };
}

/** Ascending, in the order of the package's own scheme. */
function sortVersions(hits: readonly Hit[]): string[] {
  const scheme = schemeOf(hits[0]?.lookup.ecosystem ?? '');
  const versions = [...new Set(hits.flatMap(({ fixes }) => fixes))].sort();
  if (scheme === undefined) return versions;
  const { compare } = versionScheme(scheme);
  return versions.sort((a, b) => {
    const order = compare(a, b);
    return order === 'incomparable' ? 0 : order;
  });
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** By package, then by vulnerability. */
function orderFindings(a: Finding, b: Finding): number {
  const key = (finding: Finding): string[] => [
    finding.package.name,
    finding.package.version,
    finding.package.purl ?? '',
    finding.package.type,
    finding.layer ?? '',
  ];
  const [left, right] = [key(a), key(b)];
  for (const [i, text] of left.entries()) {
    const order = compareTexts(text, right[i] as string);
    if (order !== 0) return order;
  }
  return compareTexts(a.id, b.id);
}
