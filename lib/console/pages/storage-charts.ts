import { formatBytes } from '../../core/format-units.ts';
import type { CostForecast } from '../../cost/index.ts';
import type { OwnerStorage, StorageReport } from '../../storage/index.ts';
import { type Html, html } from './html.ts';
import { squarify } from './treemap.ts';

const MOST_TILES = 40;
const MOST_ROWS = 12;
const MOST_COLUMNS = 14;

const percent = (value: number): string => `${value.toFixed(3)}%`;

/** `registry/team/app` without the registry where all are of one, an image by its repository and digest's beginning. */
export function namerOf(owners: readonly string[]): (owner: string) => string {
  const hosts = new Set(owners.map((owner) => owner.slice(0, owner.indexOf('/') + 1)));
  const [host = ''] = hosts;
  const common = hosts.size === 1 && host !== '' ? host : '';
  return (owner) =>
    owner.slice(owner.startsWith(common) ? common.length : 0).replace(/@(sha\d+:[a-f0-9]{8})[a-f0-9]*$/, '@$1');
}

/** Who stores how much: areas are fair shares, and what an owner has to itself is the darker part of its area. */
export function storageMap(report: StorageReport): Html {
  const nameOf = namerOf(report.owners.map(({ owner }) => owner));
  const shown = report.owners.toSorted((a, b) => b.fair - a.fair).slice(0, MOST_TILES);
  const tiles = squarify<OwnerStorage>(shown, ({ fair }) => fair, 3);
  return html`<svg class="treemap" role="img" aria-label="Fair shares of what is stored, by owner">${tiles.map(
    ({ item, x, y, width, height }) => {
      const own = item.fair > 0 ? Math.min(1, item.unique / item.fair) : 0;
      const roomy = width > 7 && height > 11;
      return html`<svg x="${percent(x)}" y="${percent(y)}" width="${percent(width)}" height="${percent(height)}">
      <title>${item.owner}: ${formatBytes(item.fair)} its share, ${formatBytes(item.unique)} its own, ${formatBytes(item.shared)} shared</title>
      <rect class="tile" width="100%" height="100%"/>
      <rect class="own" y="${percent(100 - own * 100)}" width="100%" height="${percent(own * 100)}"/>
      <rect class="edge" width="100%" height="100%"/>
      ${roomy ? html`<text x="9" y="21">${nameOf(item.owner)}</text><text class="small" x="9" y="39">${formatBytes(item.fair)}</text>` : ''}</svg>`;
    },
  )}</svg>
<p class="legend"><span class="first"><i class="swatch own"></i>its own: goes with it</span><span><i class="swatch tile"></i>its part of what others hold as well</span>${
    report.owners.length > shown.length
      ? html`<span>${report.owners.length - shown.length} smaller ones are not drawn</span>`
      : ''
  }</p>`;
}

/** Which owners hold the same blobs: a column for each group of blobs, a row for each owner. */
export function sharingMap(report: StorageReport): Html {
  const columns = report.groups.slice(0, MOST_COLUMNS);
  if (columns.length === 0) return html`<p class="nothing">Nothing is shared.</p>`;
  const weight = new Map<string, number>();
  for (const { owners, saved } of columns) {
    for (const owner of owners) weight.set(owner, (weight.get(owner) ?? 0) + saved);
  }
  const rows = [...weight].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([owner]) => owner);
  const nameOf = namerOf(report.owners.map(({ owner }) => owner));
  const most = Math.max(...columns.map(({ saved }) => saved), 1);
  const hidden = rows.length - MOST_ROWS;
  return html`<div class="scroll"><table class="sharing">
  <thead><tr><th scope="col">Owner</th>${columns.map(
    ({
      saved,
      bytes,
      blobs,
      owners,
      largest,
    }) => html`<th scope="col" title="${blobs} blobs of ${formatBytes(bytes)}, held by ${owners.length}; the largest is ${largest}">
      <svg class="column" aria-hidden="true"><rect class="own" y="${percent(100 - (100 * saved) / most)}" width="100%" height="${percent((100 * saved) / most)}"/></svg>
      <span>${formatBytes(saved)}</span></th>`,
  )}</tr></thead>
  <tbody>${rows
    .slice(0, MOST_ROWS)
    .map(
      (owner) =>
        html`<tr><th scope="row" title="${owner}">${nameOf(owner)}</th>${columns.map(({ owners }) =>
          owners.includes(owner)
            ? html`<td><i class="dot" title="holds them"></i></td>`
            : html`<td><i class="dot none"></i></td>`,
        )}</tr>`,
    )}</tbody>
</table></div>
<p class="legend">Columns are groups of layers that the marked owners hold together, with what sharing them saves.${
    hidden > 0 ? html` ${hidden} more owners are not shown.` : ''
  }${report.groups.length > columns.length ? html` ${report.groups.length - columns.length} smaller groups are not shown.` : ''}</p>`;
}

/** Storage cost of each of the last days. */
export function dailyChart({ daily }: CostForecast): Html {
  if (daily.length < 2) return html``;
  const most = Math.max(...daily.map(({ usd }) => usd), 1e-12);
  const points = daily.map(
    ({ usd }, i) => `${((1000 * i) / (daily.length - 1)).toFixed(1)},${(100 - (95 * usd) / most).toFixed(2)}`,
  );
  return html`<svg class="daily" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" aria-label="Storage cost by day">
  <polygon points="0,100 ${points.join(' ')} 1000,100"/><polyline points="${points.join(' ')}"/></svg>
<p class="axis"><span>${daily[0]?.day}</span><span>at most ${dollars(most)} a day</span><span>${daily.at(-1)?.day}</span></p>`;
}

/** Enough digits for fractions of a cent: a laptop's images cost next to nothing. */
export function dollars(usd: number): string {
  const most = usd >= 100 ? 0 : usd >= 0.1 ? 2 : usd >= 0.001 ? 4 : 6;
  return `$${usd.toLocaleString('en', { minimumFractionDigits: usd === 0 ? 0 : Math.min(2, most), maximumFractionDigits: most })}`;
}

export function grams(micrograms: number): string {
  const value = micrograms / 1e6;
  if (value >= 1000) return `${(value / 1000).toFixed(2)} kg`;
  return value >= 1 ? `${value.toFixed(1)} g` : `${(value * 1000).toFixed(value >= 0.001 ? 1 : 3)} mg`;
}
