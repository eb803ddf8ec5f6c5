import { plural } from '../../core/format-units.ts';
import type { ImageOverview } from '../../overview/index.ts';
import type { ScannerRun } from '../../scanners/index.ts';
import type { Consensus } from '../security-desk.ts';
import { moment, pathParameter } from './format.ts';
import { type Html, html } from './html.ts';
import { imageLink, imageName } from './image-row.ts';
import { layout } from './layout.ts';

const tones = {
  waiting: 'progress',
  starting: 'progress',
  running: 'progress',
  completed: 'allow',
  failed: 'deny',
  'timed-out': 'deny',
} as const satisfies Record<ScannerRun['state']['kind'], string>;

/** More than a person reads; the API has them all. */
const SHOWN = 500;

/** The findings of every scanner that reported, those on which they differ first. */
export function votesPage(image: ImageOverview, { votes, agreements, runs }: Consensus): Html {
  const { entry } = image;
  const differing = agreements.filter(({ dissent, severityDiffers }) => dissent.length > 0 || severityDiffers);
  const sorted = [...differing, ...agreements.filter((one) => !differing.includes(one))];
  return layout(
    { title: `Scanners on ${entry.repository}`, current: 'images' },
    html`<p class="crumbs"><a href="/">Images</a> / <a href="${imageLink(entry)}"><bdi>${entry.repository}</bdi></a> / Scanners</p>
<section class="card">
  <div class="head"><h1>${imageName(image)}</h1><span class="dim">${plural(votes.length, 'other scanner')} reported</span></div>
  ${votes.length === 0 ? html`<p class="nothing">No other scanner reported: lading scan report IMAGE FILE takes a report in.</p>` : votersTable(votes)}
</section>
${runs.length === 0 ? '' : html`<section class="card"><div class="head"><h2>Set to work here</h2></div>${runsTable(runs)}</section>`}
<section class="card">
  <div class="head"><h2>Findings side by side</h2><span class="dim">${agreements.length - differing.length} of ${agreements.length} without dissent</span></div>
  ${agreementsTable(sorted.slice(0, SHOWN))}
  ${sorted.length > SHOWN ? html`<p class="nothing">${sorted.length - SHOWN} more in <a href="/api/votes?ref=${pathParameter(`${entry.registry}/${entry.repository}@${entry.digest}`)}">the full report</a></p>` : ''}
</section>`,
  );
}

const votersTable = (votes: Consensus['votes']): Html => html`<table class="stacked">
  <thead><tr><th>Scanner</th><th>Version</th><th>Advisories of</th><th class="number">Findings</th><th>Received</th></tr></thead>
  <tbody>${votes.map(
    ({ voter, report, receivedAt }) => html`<tr>
    <td class="what">${report.scanner.label} <span class="dim">${voter}</span></td>
    <td data-label="Version">${report.scanner.version ?? 'not said'}</td>
    <td data-label="Advisories of">${report.database?.builtAt ?? report.database?.version ?? 'not said'}</td>
    <td data-label="Findings" class="number">${report.findings.length}</td>
    <td data-label="Received">${moment(receivedAt)}</td></tr>`,
  )}</tbody></table>`;

/** What has not completed has said nothing: it is shown, so that nobody takes its silence for "clean". */
const runsTable = (runs: Consensus['runs']): Html => html`<table class="stacked">
  <thead><tr><th>Scanner</th><th>Advisories of</th><th>State</th><th>Asked for by</th><th>What became of it</th></tr></thead>
  <tbody>${runs
    .toSorted((a, b) => (a.day === b.day ? (a.scanner < b.scanner ? -1 : 1) : a.day > b.day ? -1 : 1))
    .map(
      ({ scanner, day, state, requestedBy, lastProblem }) => html`<tr>
    <td class="what">${scanner}</td>
    <td data-label="Advisories of">${day}</td>
    <td data-label="State"><span class="badge ${tones[state.kind]}">${state.kind}</span></td>
    <td data-label="Asked for by">${requestedBy}</td>
    <td data-label="What became of it">${resultOf(state)}${lastProblem && !('endedAt' in state) ? html` <span class="dim">${lastProblem}</span>` : ''}</td></tr>`,
    )}</tbody></table>`;

const agreementsTable = (agreements: Consensus['agreements']): Html => html`<table class="stacked">
  <thead><tr><th>Vulnerability</th><th>Package</th><th>Installed</th><th>Found by</th><th>Not found by</th></tr></thead>
  <tbody>${agreements.map(
    ({ id, package: pkg, found, dissent, severityDiffers }) => html`<tr>
    <td data-label="Vulnerability" class="mono">${id}</td>
    <td data-label="Package" class="strong">${pkg.name}</td>
    <td data-label="Installed" class="mono">${pkg.version}</td>
    <td data-label="Found by">${[...found].map(([voter, { severity }]) => `${voter} (${severity})`).join(', ')}${severityDiffers ? html` <span class="badge warn">rated differently</span>` : ''}</td>
    <td data-label="Not found by">${dissent.join(', ')}</td></tr>`,
  )}</tbody></table>`;

function resultOf(state: ScannerRun['state']): string {
  if (state.kind !== 'completed') return 'reason' in state ? state.reason : '';
  return state.packages === undefined
    ? `${plural(state.findings ?? 0, 'finding')}, ${state.outcome ?? ''}`
    : `an SBOM of ${plural(state.packages, 'package')}`;
}
