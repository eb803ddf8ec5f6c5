import { plural } from '../../core/format-units.ts';
import type { AdvisoryOverview } from '../ports.ts';
import { moment, shortDigestOf } from './format.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

export function advisoriesPage({ snapshot, sources }: AdvisoryOverview): Html {
  const body = snapshot
    ? html`<section class="card">
  <div class="head"><h2>Snapshot in force</h2>${
    snapshot.rematched
      ? html`<span class="badge allow">all images matched</span>`
      : html`<span class="badge progress">images are being matched</span>`
  }</div>
  <dl>
    <dt>Digest</dt><dd>${shortDigestOf(snapshot.id)}</dd>
    <dt>Number</dt><dd>${snapshot.sequence}</dd>
    <dt>Since</dt><dd>${moment(snapshot.createdAt)}</dd>
    <dt>Advisories</dt><dd>${snapshot.advisories.toLocaleString('en')}</dd>
  </dl>
</section>
${sourcesCard(sources)}`
    : html`<section class="card"><div class="empty">
  <h3>There are no advisories yet</h3>
  <p>Until there are, every package is unknown, and none is clean.</p>
  <pre>lading advisories import FOLDER
lading run sync-advisories</pre>
</div></section>`;
  return layout({ title: 'Advisories', current: 'advisories' }, body);
}

function sourcesCard(sources: AdvisoryOverview['sources']): Html {
  return html`<section class="card">
  <div class="head"><h2>Sources</h2></div>
  <table class="stacked">
    <thead><tr><th>Source</th><th>Scope</th><th class="number">Advisories</th><th class="number">Left out</th><th>Read</th></tr></thead>
    <tbody>${sources.map(
      (source) => html`<tr>
      <td class="what"><span class="name">${source.name}</span>
        <details><summary>${plural(source.ecosystems.length, 'ecosystem')}</summary><ul class="ecosystems">${source.ecosystems.map(
          ({ name, advisories }) => html`<li>${name} <span class="dim">${advisories.toLocaleString('en')}</span></li>`,
        )}</ul></details></td>
      <td data-label="Scope">${source.scope === 'excerpt' ? html`<span title="no match says little">excerpt</span>` : source.scope}</td>
      <td data-label="Advisories" class="number">${source.advisories.toLocaleString('en')}</td>
      <td data-label="Left out" class="number">${source.rejected.toLocaleString('en')}</td>
      <td data-label="Read">${moment(source.readAt)}</td></tr>`,
    )}</tbody>
  </table>
</section>`;
}
