import type { EventDraft, ImageSubject } from '../events/index.ts';
import { draftEvent, findingsChanged } from '../events/index.ts';
import type { Finding, ScanRecord } from './model.ts';
import { compareSeverity } from './severity.ts';

/** What news of advisories changed for an image, whose packages stay as they are. */
export interface FindingsDifference {
  readonly appeared: readonly Finding[];
  /** Still there, and since now there is a version of the package that mends it. */
  readonly fixed: readonly Finding[];
  /** No longer there: the advisory was withdrawn, or corrected so that the version is not affected. */
  readonly withdrawn: readonly Finding[];
  readonly severityChanged: readonly Finding[];
  /** Known to be exploited now, and not before. */
  readonly knownExploited: readonly Finding[];
}

/** Each finding with what it was before, where it was there. */
function twins(before: readonly Finding[], after: readonly Finding[]): Map<Finding, Finding> {
  const matched = new Map<Finding, Finding>();
  const old = groupByPackage(before);
  for (const finding of after) {
    const twin = old.get(packageKey(finding))?.find((candidate) => sharesId(candidate, finding));
    if (twin) matched.set(finding, twin);
  }
  return matched;
}

/** Starts the clocks of what is new at the given time, and lets those of what was there run on. */
export function withClocks(before: readonly Finding[], after: readonly Finding[], at: string): readonly Finding[] {
  const known = twins(before, after);
  return after.map((finding) => {
    const was = known.get(finding);
    const isFixable = finding.fixState === 'fixed';
    return {
      ...finding,
      since: was?.since ?? at,
      ...(isFixable ? { fixableSince: was?.fixableSince ?? at } : {}),
    };
  });
}

export function compareFindings(before: readonly Finding[], after: readonly Finding[]): FindingsDifference {
  const matched = twins(before, after);
  const kept = new Set(matched.values());
  const changed = (test: (now: Finding, then: Finding) => boolean): Finding[] =>
    [...matched].filter(([now, then]) => test(now, then)).map(([now]) => now);
  return {
    appeared: after.filter((finding) => !matched.has(finding)),
    fixed: changed((now, then) => now.fixState === 'fixed' && then.fixState !== 'fixed'),
    withdrawn: before.filter((finding) => !kept.has(finding)),
    severityChanged: changed((now, then) => now.severity !== then.severity),
    knownExploited: changed((now, then) => now.knownExploited !== undefined && then.knownExploited === undefined),
  };
}

/** The preferred id changes when a CVE is assigned; the finding is the same. */
const sharesId = (a: Finding, b: Finding): boolean => {
  const ids = new Set([a.id, ...a.aliases]);
  return [b.id, ...b.aliases].some((id) => ids.has(id));
};

const packageKey = ({ package: pkg, layer }: Finding): string =>
  JSON.stringify([pkg.type, pkg.name, pkg.version, pkg.purl, layer]);

function groupByPackage(findings: readonly Finding[]): Map<string, Finding[]> {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings)
    groups.set(packageKey(finding), [...(groups.get(packageKey(finding)) ?? []), finding]);
  return groups;
}

export const isUnchanged = ({
  appeared,
  fixed,
  withdrawn,
  severityChanged,
  knownExploited,
}: FindingsDifference): boolean =>
  [appeared, fixed, withdrawn, severityChanged, knownExploited].every((findings) => findings.length === 0);

/** The event names the worst 50 of each kind; the scan document has all. */
export function toFindingsChanged(
  subject: ImageSubject,
  scan: ScanRecord['scan'],
  difference: FindingsDifference,
  options: { readonly archived?: boolean } = {},
): EventDraft {
  const name = (findings: readonly Finding[]) =>
    [...findings]
      .sort((a, b) => compareSeverity(a.severity, b.severity))
      .slice(0, 50)
      .map(({ id, package: pkg, severity }) => ({ id, package: pkg.name, version: pkg.version, severity }));
  return draftEvent(findingsChanged, {
    subject,
    scan,
    appeared: name(difference.appeared),
    fixed: name(difference.fixed),
    withdrawn: name(difference.withdrawn),
    severityChanged: name(difference.severityChanged),
    knownExploited: name(difference.knownExploited),
    ...(options.archived ? { archived: true } : {}),
  });
}
