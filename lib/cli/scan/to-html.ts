import { createHash } from 'node:crypto';
import { plural } from '../../core/format-units.ts';
import { compareSeverity, severities } from '../../vulnerabilities/index.ts';
import { html, Markup } from '../html.ts';
import { remedyOf, vexText } from './describe-finding.ts';
import type { ReportedFinding, ScanReport } from './scan-target.ts';

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--dim:#777;--critical:#b3123f;--high:#c8441b;--medium:#a86c00;--low:#4a7a3d}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .5rem}
.about{color:var(--dim);margin:.25rem 0;overflow-wrap:anywhere}
.counts{display:flex;flex-wrap:wrap;gap:.5rem;margin:1.25rem 0;padding:0;list-style:none}
.counts li{border:1px solid var(--line);border-radius:.5rem;padding:.5rem .9rem;min-width:6rem}
.counts b{display:block;font-size:1.4rem;line-height:1.2}
.warn{border-left:.25rem solid var(--medium);padding:.25rem .75rem;margin:.5rem 0}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.45rem .75rem .45rem 0;border-top:1px solid var(--line)}
th{color:var(--dim);font-weight:600;border-top:0}
td{overflow-wrap:anywhere}td.id,td.sev{white-space:nowrap;overflow-wrap:normal}
.critical{color:var(--critical);font-weight:700}.high{color:var(--high);font-weight:700}.medium{color:var(--medium)}.low{color:var(--low)}
.small{color:var(--dim);font-size:.85em}
@media(prefers-color-scheme:dark){:root{--critical:#ff6b8b;--high:#ff8c5a;--medium:#e0a83a;--low:#8cc47a;--dim:#9a9a9a}}
@media print{body{max-width:none;padding:0}}
`.trim();

/** The style is allowed by its digest alone: whatever gets into the page can neither run, load nor look like something else. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

/** A page that stands by itself: no script, nothing loaded, every foreign text escaped. */
export function toHtml(report: ScanReport, about: { readonly version: string; readonly time: Date }): string {
  const { target, findings, suppressed, coverage, advisories } = report;
  const title = `Known vulnerabilities in ${target.name}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<h1>${title}</h1>
<p class="about">${target.image ?? 'an SBOM that names no image'}${target.platform ? `, ${target.platform}` : ''}</p>
<p class="about">${plural(coverage.packages, 'package')}; advisories ${advisories.snapshot.slice(0, 19)}; lading ${about.version}, ${about.time.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
${counts(findings)}
${warnings(report)}
${section('Findings', findings)}
${suppressed.length > 0 ? section('Settled by VEX', suppressed) : undefined}
</body>
</html>
`;
  return page.text;
}

function counts(findings: readonly ReportedFinding[]): Markup {
  const tiles = severities.map((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? html`<li><b class="${severity}">${count}</b>${severity}</li>` : html``;
  });
  const none = html`<li><b>0</b>known</li>`;
  return html`<ul class="counts">${findings.length === 0 ? none : tiles}</ul>`;
}

function warnings({ target, coverage }: ScanReport): readonly Markup[] {
  const warn = (text: string): Markup => html`<p class="warn">${text}</p>`;
  const { uncovered, undecided, ecosystems } = coverage;
  const excerpts = ecosystems.filter(({ data }) => data === 'excerpt').map(({ name }) => name);
  return [
    ...(target.sbomOutcome === 'complete' || target.sbomOutcome === 'unknown'
      ? []
      : [warn(`The SBOM is incomplete (${target.sbomOutcome}): there may be more packages.`)]),
    ...(uncovered > 0
      ? [warn(`${plural(uncovered, 'package')} without advisories to compare with: unknown, not clean.`)]
      : []),
    ...(excerpts.length > 0 ? [warn(`Only some advisories are known of ${excerpts.join(', ')}.`)] : []),
    ...(undecided.count > 0
      ? [warn(`${undecided.count} advisories cannot be compared with the installed versions.`)]
      : []),
  ];
}

function section(heading: string, findings: readonly ReportedFinding[]): Markup {
  if (findings.length === 0) return html`<h2>${heading}</h2><p>None is known.</p>`;
  const rows = findings.toSorted((a, b) => compareSeverity(a.severity, b.severity)).map(row);
  return html`<h2>${heading}</h2>
<div class="wide"><table>
<thead><tr><th>Severity</th><th>Vulnerability</th><th>Package</th><th>What to do</th><th>Where</th></tr></thead>
<tbody>
${rows}</tbody>
</table></div>`;
}

const whose = { base: 'of the base image', own: 'of the image itself' } as const;

function row(finding: ReportedFinding): Markup {
  const { severity, id, aliases, package: pkg, locations, layer, origin, sources } = finding;
  const vex = vexText(finding);
  const said = [...new Set(sources.map(({ source }) => source))].join(', ');
  return html`<tr><td class="sev ${severity}">${severity}</td>
<td class="id">${id}${aliases.length > 0 ? html`<div class="small">${aliases.slice(0, 3).join(', ')}</div>` : undefined}</td>
<td>${pkg.name} ${pkg.version}<div class="small">${pkg.type}; said by ${said}</div></td>
<td>${remedyOf(finding)}${vex ? html`<div class="small">VEX: ${vex}</div>` : undefined}</td>
<td>${locations[0] ?? ''}${layer ? html`<div class="small">layer ${layer.slice(0, 19)}${origin && origin !== 'unknown' ? `, ${whose[origin]}` : ''}</div>` : undefined}</td></tr>
`;
}
