import { formatBytes, plural } from '../../core/format-units.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { ExternalSbom } from '../../external-sboms/index.ts';
import type { ImageOverview } from '../../overview/index.ts';
import { type SbomQuality, sbomFormats } from '../../sbom/index.ts';
import { pathParameter } from './format.ts';
import { type Html, html } from './html.ts';

/** What is known of an image's SBOMs besides that ours is there. */
export interface SbomFacts {
  readonly quality?: SbomQuality | undefined;
  /** Those that others made. */
  readonly external: readonly ExternalSbom[];
}

const SHOWN = 5;
const STANDINGS = { verified: 'verified', unsigned: 'not signed', 'not-verified': 'not verified' } as const;

/** The SBOM in every form, how much it tells, and who else made one. */
export function sbomCard({ entry, sbom }: ImageOverview, { quality, external }: SbomFacts): Html {
  if (!sbom && external.length === 0) return html``;
  const ref = pathParameter(locationKey(entry));
  const forms = sbomFormats.map((form) => html`<a href="/api/sbom?ref=${ref}&amp;form=${form}" download>${form}</a> `);
  return html`<section class="card">
  <div class="head"><h2>SBOM</h2>${quality ? html`<span class="dim">tells ${quality.score} of 100</span>` : ''}</div>
  ${sbom ? html`<p>${plural(sbom.sbom.packages, 'package')} · ${forms}</p>` : ''}
  ${quality ? qualityDetails(quality) : ''}
  ${external.length > 0 ? externalTable(external, ref) : ''}
</section>`;
}

function qualityDetails({ checks, coverage }: SbomQuality): Html {
  const lacking = checks.filter(({ met, of }) => met < of);
  const unidentified = coverage?.unidentified ?? [];
  return html`<details><summary>${lacking.length === 0 ? 'Nothing is lacking' : `${plural(lacking.length, 'thing')} lacking`}${
    coverage && coverage.unidentifiedExecutables > 0
      ? html`, ${plural(coverage.unidentifiedExecutables, 'program')} without a package`
      : ''
  }</summary><dl>
  ${lacking.map(
    ({ id, title, met, of, missing }) =>
      html`<dt>${id === 'bytes' ? `${formatBytes(met)} of ${formatBytes(of)}` : of === 1 ? 'no' : `${met} of ${of}`}</dt><dd>${title}${
        missing.length > 0 ? html`<div class="where">${missing.slice(0, SHOWN).join(', ')}</div>` : ''
      }</dd>`,
  )}
  ${unidentified
    .slice(0, SHOWN)
    .map(
      ({ path, bytes }) =>
        html`<dt>unidentified</dt><dd class="mono">/${path} <span class="dim">${formatBytes(bytes)}</span></dd>`,
    )}
  </dl></details>`;
}

function externalTable(external: readonly ExternalSbom[], ref: string): Html {
  return html`<table class="stacked">
    <thead><tr><th>Made by</th><th>Found</th><th>Signature</th><th class="number">Packages</th><th>Against ours</th></tr></thead>
    <tbody>${external.map(
      ({ tool, origin, standing, packages, format, document }) => html`<tr>
      <td class="what"><bdi>${tool ? `${tool.name} ${tool.version ?? ''}` : 'not said'}</bdi> <span class="dim">${format}</span></td>
      <td data-label="Found">${origin}</td>
      <td data-label="Signature">${STANDINGS[standing.kind]}${standing.kind === 'verified' ? html` <bdi>${standing.by}</bdi>` : ''}</td>
      <td data-label="Packages" class="number">${packages}</td>
      <td data-label="Against ours"><a href="/api/sboms/diff?ref=${ref}&amp;document=${pathParameter(document.digest)}">differences</a></td></tr>`,
    )}</tbody>
  </table>`;
}
