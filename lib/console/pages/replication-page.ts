import { plural } from '../../core/format-units.ts';
import type { ReplicaState } from '../../replication/index.ts';
import { moment, shortDigestOf } from './format.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';

type View = Omit<ReplicaState, 'buckets' | 'scrubNext'> & { readonly equal: boolean };

export function replicationPage(replicas: readonly View[]): Html {
  const body =
    replicas.length === 0
      ? html`<section class="card"><div class="empty">
  <h3>Nothing was compared yet</h3>
  <p>Copies are compared with their sources by the sweep, where a rule copies something.</p>
  <pre>lading run reconcile</pre>
</div></section>`
      : html`<section class="card">
  <div class="head"><h2>Copies</h2></div>
  <table class="stacked">
    <thead><tr><th>Target</th><th>State</th><th class="number">Manifests</th><th>Lag</th><th>Proven equal</th><th>Searched through</th></tr></thead>
    <tbody>${replicas.map(row)}</tbody>
  </table>
</section>`;
  return layout({ title: 'Replication', current: 'replication' }, body);
}

const row = (one: View): Html => html`<tr>
  <td class="what"><span class="name">${one.target.registry}/${one.target.repository}</span>
    <span class="dim">from ${one.source.registry}/${one.source.repository} by ${one.rules.join(', ')}</span></td>
  <td data-label="State">${
    one.equal
      ? html`<span class="badge allow">equal</span> ${shortDigestOf(one.heldRoot)}`
      : html`<span class="badge deny">${[
          one.missing > 0 ? `${one.missing} missing` : '',
          one.moved > 0 ? `${plural(one.moved, 'tag')} elsewhere` : '',
          one.corrupted > 0 ? `${one.corrupted} not whole` : '',
        ]
          .filter(Boolean)
          .join(', ')}</span>`
  }</td>
  <td data-label="Manifests" class="number">${one.manifests.toLocaleString('en')}</td>
  <td data-label="Lag">${formatLag(one.lagMs)}</td>
  <td data-label="Proven equal">${one.provenEqualAt ? moment(one.provenEqualAt) : 'never'}</td>
  <td data-label="Searched through">${one.scrubbedAt ? moment(one.scrubbedAt) : 'not yet'}</td></tr>`;

/** `none`, `42 s`, `7 min`, `3.5 h`. */
export function formatLag(ms: number): string {
  if (ms === 0) return 'none';
  const seconds = ms / 1_000;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
