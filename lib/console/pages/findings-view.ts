import { plural } from '../../core/format-units.ts';
import type { SeverityCounts } from '../../events/index.ts';
import type { ImageOverview } from '../../overview/index.ts';
import type { FindingView } from '../ports.ts';
import { type Html, html } from './html.ts';

const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
type Severity = (typeof severities)[number];

const marks: Readonly<Record<Severity, string>> = {
  critical: 'C',
  high: 'H',
  medium: 'M',
  low: 'L',
  negligible: 'N',
  unknown: '?',
};

/** `unknown` is the absence of a rating; in a class name it would look like the absence of a finding. */
const classOf = (severity: string): string =>
  severities.includes(severity as Severity) ? `sev-${severity}` : 'sev-unknown';
const wordOf = (severity: string): string => (severity === 'unknown' ? 'not rated' : severity);

/** Counts by severity as small marks; those of nothing are left out. */
export function severityMarks(counts: SeverityCounts): Html {
  const found = severities.filter((severity) => counts[severity] > 0);
  if (found.length === 0) return html`<span class="dim">none known</span>`;
  return html`<span class="sevs">${found.map((severity) => {
    const words = `${counts[severity]} ${wordOf(severity)}`;
    return html`<span class="sev ${classOf(severity)}" title="${words}"><b>${counts[severity].toLocaleString('en')}</b><i aria-hidden="true">${marks[severity]}</i><span class="unseen"> ${wordOf(severity)}</span></span>`;
  })}</span>`;
}

/** What the counts can be relied on for: a package without advisories is unknown, and not clean. */
export function coverageNote(scan: NonNullable<ImageOverview['scan']>): string {
  const notes = [
    ...(scan.sbomOutcome === 'complete' ? [] : ['the SBOM has gaps']),
    ...(scan.packages === 0 ? ['no packages were found'] : []),
    ...(scan.uncovered > 0 ? [`${scan.uncovered} of ${plural(scan.packages, 'package')} without advisories`] : []),
  ];
  return notes.join('; ');
}

const rank = (severity: string): number => {
  const at = severities.indexOf(severity as Severity);
  return at < 0 ? severities.length : at;
};

const fixOf = ({ fixedVersions, fixState }: FindingView): Html =>
  fixedVersions.length > 0
    ? html`<span class="fix">${fixedVersions.join(', ')}</span>`
    : html`<span class="dim">${fixState === 'unknown' ? 'not known' : fixState.replace('-', ' ')}</span>`;

const broughtBy = ({ origin, layer }: FindingView): string => {
  if (origin === 'base') return 'the base image';
  if (origin === 'own') return 'this image';
  return layer ? 'not known' : '';
};

/** More than a person reads; the API has them all. */
const SHOWN = 500;

/** Gravest first. */
export function findingsTable(findings: readonly FindingView[], all: string): Html {
  const sorted = findings.toSorted((a, b) => rank(a.severity) - rank(b.severity)).slice(0, SHOWN);
  const left = findings.length - sorted.length;
  return html`<table class="stacked" id="findings">
  <thead><tr><th>Severity</th><th>Vulnerability</th><th>Package</th><th>Installed</th><th>Fixed in</th><th>Brought by</th><th>Found in</th></tr></thead>
  <tbody>${sorted.map(
    (finding) => html`<tr data-severity="${classOf(finding.severity)}">
    <td data-label="Severity"><span class="sev-word ${classOf(finding.severity)}">${wordOf(finding.severity)}</span></td>
    <td data-label="Vulnerability" class="mono">${finding.id}</td>
    <td data-label="Package" class="strong">${finding.package}</td>
    <td data-label="Installed" class="mono">${finding.version}</td>
    <td data-label="Fixed in" class="mono">${fixOf(finding)}</td>
    <td data-label="Brought by" class="dim"${finding.layer ? html` title="${finding.layer}"` : ''}>${broughtBy(finding)}</td>
    <td data-label="Found in" class="dim path">${finding.location ?? ''}</td>
  </tr>`,
  )}</tbody></table>
  ${left > 0 ? html`<p class="nothing">${left.toLocaleString('en')} more in <a href="${all}">the full report</a></p>` : ''}`;
}
