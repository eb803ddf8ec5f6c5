import { formatBytes, plural } from '../../core/format-units.ts';
import type { BudgetState, CostForecast, CostKind, CostLine, CostReport } from '../../cost/index.ts';
import type { BaseReport, CacheReport, StorageReport } from '../../storage/index.ts';
import { pathParameter } from './format.ts';
import { type Html, html } from './html.ts';
import { layout } from './layout.ts';
import { dailyChart, dollars, grams, namerOf, sharingMap, storageMap } from './storage-charts.ts';

export interface StorageView {
  readonly by: 'image' | 'repository' | 'registry' | 'account' | 'team';
  readonly storage: StorageReport;
  readonly cost: CostReport;
  readonly forecast: CostForecast;
  readonly budgets: readonly BudgetState[];
  readonly bases: BaseReport;
  readonly caches: CacheReport;
}

const MOST_LINES = 25;
const views = ['repository', 'image', 'team', 'account', 'registry'] as const;

export function storagePage(view: StorageView): Html {
  const { storage, by } = view;
  return layout(
    { title: 'Storage and cost', current: 'storage' },
    html`<section class="card">
  <div class="head"><h2>Storage and cost</h2><div class="toolbar"><div class="filters" role="group" aria-label="Count by">${views.map(
    (one) =>
      html`<a class="choice" href="/storage?by=${one}"${one === by ? html` aria-current="true"` : ''}>${one}</a>`,
  )}</div></div></div>
  ${tiles(view)}
</section>
${
  storage.owners.length === 0
    ? html`<section class="card"><div class="empty"><h3>Nothing is stored yet</h3><p>Push an image, and this page shows what it takes, who shares its layers and what it costs.</p></div></section>`
    : html`<section class="card"><div class="head"><h2>Who stores how much</h2></div>${storageMap(storage)}</section>
<section class="card"><div class="head"><h2>Who shares what</h2></div>${sharingMap(storage)}</section>
${costCard(view)}
${basesCard(view.bases)}
${cachesCard(view.caches)}`
}`,
  );
}

function tiles({ storage, cost, forecast, budgets }: StorageView): Html {
  const saved = storage.apartBytes - storage.totalBytes;
  const interval =
    forecast.short === undefined
      ? `${dollars(forecast.lowUsd)} to ${dollars(forecast.highUsd)}, ${Math.round(forecast.confidence * 100)} %`
      : forecast.short;
  const over = budgets.filter(({ state }) => state !== 'within');
  return html`<div class="tiles">
  <div><b>${formatBytes(storage.totalBytes)}</b><span>stored, by ${plural(storage.owners.length, 'owner')}</span></div>
  <div><b>${formatBytes(saved)}</b><span>saved by sharing${storage.apartBytes > 0 ? ` (${Math.round((100 * saved) / storage.apartBytes)} %)` : ''}</span></div>
  <div><b>${dollars(cost.total.microUsd / 1e6)}</b><span>this month until now</span></div>
  <div title="${forecast.method}"><b>${dollars(forecast.expectedUsd)}</b><span>expected for the month: ${interval}</span></div>
  <div title="${cost.carbon.sources.join('; ')}"><b>${grams(cost.total.micrograms)}</b><span>CO₂e this month, by a model of ${cost.carbon.asOf}</span></div>
</div>
${over.map((one) => budgetNote(one))}`;
}

function budgetNote({ budget, limitUsd, spentUsd, expectedUsd, state }: BudgetState): Html {
  const what = {
    within: '',
    warned: 'is nearly used up',
    'expected-over': 'is expected to be exceeded',
    over: 'is exceeded',
  }[state];
  const expected = expectedUsd === undefined ? '' : `, ${dollars(expectedUsd)} expected`;
  return html`<p class="note">The budget ${budget} ${what}: ${dollars(spentUsd)} of ${dollars(limitUsd)}${expected}.</p>`;
}

const kindNames: Readonly<Record<CostKind, string>> = {
  storage: 'storage',
  archive: 'archive',
  replication: 'replication',
  restore: 'restore',
  transfer: 'transfer',
  scan: 'scans',
  compute: 'functions',
  requests: 'requests',
};

function costCard({ cost, forecast, storage }: StorageView): Html {
  const most = Math.max(...cost.lines.map(({ microUsd }) => microUsd), 1);
  const nameOf = namerOf(cost.lines.map(({ owner }) => owner));
  const bytes = new Map(storage.owners.map((one) => [one.owner, one]));
  return html`<section class="card">
  <div class="head"><h2>What it costs</h2><span class="dim">${cost.from.slice(0, 10)} until ${cost.until.slice(0, 16).replace('T', ' ')}, list prices of ${cost.prices.asOf}</span></div>
  ${dailyChart(forecast)}
  <table class="stacked costs">
  <thead><tr><th>Owner</th><th class="number">Its share</th><th class="number">Freed if it went</th><th>Cost</th><th class="number">USD</th><th class="number">Alone</th><th class="number">CO₂e</th></tr></thead>
  <tbody>${cost.lines.slice(0, MOST_LINES).map((line) => {
    const stored = bytes.get(line.owner);
    return html`<tr>
    <td class="what"><span class="name">${ownerLink(line.owner, nameOf(line.owner))}</span></td>
    <td class="number" data-label="Its share">${stored ? formatBytes(stored.fair) : 'gone'}</td>
    <td class="number" data-label="Freed if it went">${stored ? formatBytes(stored.unique) : ''}</td>
    <td class="barcell">${bar(line, most)}</td>
    <td class="number" data-label="USD">${dollars(line.microUsd / 1e6)}</td>
    <td class="number" data-label="Alone">${dollars(line.marginalMicroUsd / 1e6)}</td>
    <td class="number" data-label="CO₂e">${grams(line.micrograms)}</td></tr>`;
  })}</tbody></table>
  ${cost.lines.length > MOST_LINES ? html`<p class="nothing">${cost.lines.length - MOST_LINES} more cost less; "lading cost report" lists all.</p>` : ''}
  <p class="legend">${Object.entries(kindNames)
    .filter(([kind]) => cost.total.parts.some((part) => part.kind === kind && part.microUsd > 0))
    .map(([kind, name]) => html`<span><i class="swatch kind-${kind}"></i>${name}</span>`)}</p>
  <details><summary>What is assumed</summary><ul class="plain">${cost.assumptions.map((one) => html`<li>${one}</li>`)}</ul></details>
</section>`;
}

const ownerLink = (owner: string, name: string): Html | string =>
  owner.includes('@sha') ? html`<a href="/image?ref=${pathParameter(owner)}">${name}</a>` : name;

function bar({ parts, microUsd }: CostLine, most: number): Html {
  const title = parts
    .map(({ kind, region, microUsd: usd }) => `${kindNames[kind]} (${region}) ${dollars(usd / 1e6)}`)
    .join(', ');
  let at = 0;
  return html`<svg class="bar" role="img" aria-label="${title}"><title>${title}</title>${parts.map(
    ({ kind, microUsd: usd }) => {
      const width = (100 * usd) / most;
      const drawn = html`<rect class="kind-${kind}" x="${at.toFixed(3)}%" width="${width.toFixed(3)}%" height="100%"/>`;
      at += width;
      return microUsd > 0 ? drawn : '';
    },
  )}</svg>`;
}

function basesCard({ bases, withoutBase, mergingSaves }: BaseReport): Html {
  if (bases.length === 0) return html``;
  const nameOf = namerOf(bases.map(({ name }) => name));
  return html`<section class="card">
  <div class="head"><h2>Bases</h2><span class="dim">${formatBytes(mergingSaves)} would go if all were built on the newest</span></div>
  <table class="stacked">
  <thead><tr><th>Base</th><th>Version</th><th class="number">Images</th><th class="number">Behind</th><th class="number">Layers</th><th class="number">Merging saves</th></tr></thead>
  <tbody>${bases.slice(0, MOST_LINES).flatMap(({ name, versions }) =>
    versions.slice(0, 10).map(
      (one, i) => html`<tr><td class="what">${i === 0 ? html`<span class="name">${nameOf(name)}</span>` : ''}</td>
    <td data-label="Version">${one.tags.length > 0 ? one.tags.slice(0, 3).map((tag) => html`<span class="tag">${tag}</span>`) : html`<span class="dim">${one.pushedAt.slice(0, 10)}</span>`}</td>
    <td class="number" data-label="Images">${one.images}</td>
    <td class="number" data-label="Behind">${one.behind === 0 ? 'newest' : html`${plural(one.behind, 'version')}, ${plural(one.daysBehind, 'day')}`}</td>
    <td class="number" data-label="Layers">${formatBytes(one.bytes)}</td>
    <td class="number" data-label="Merging saves">${one.mergingSaves > 0 ? formatBytes(one.mergingSaves) : ''}</td></tr>`,
    ),
  )}</tbody></table>
  ${withoutBase > 0 ? html`<p class="nothing">${plural(withoutBase, 'image')} share no base with another.</p>` : ''}
</section>`;
}

const verdictNames = {
  'worth-keeping': html`<span class="badge allow">worth keeping</span>`,
  'costs-more': html`<span class="badge warn">costs more than it saves</span>`,
  unused: html`<span class="badge deny">unused</span>`,
  unknown: html`<span class="badge">unknown</span>`,
};

function cachesCard({ caches, reclaimable }: CacheReport): Html {
  if (caches.length === 0) return html``;
  const nameOf = namerOf(caches.map(({ image }) => image));
  return html`<section class="card">
  <div class="head"><h2>Build caches</h2><span class="dim">${formatBytes(reclaimable)} are not worth what they cost</span></div>
  <table class="stacked">
  <thead><tr><th>Cache</th><th class="number">Its own</th><th class="number">Hits</th><th class="number">Hours saved a GB-month</th><th class="number">Worth a month</th><th>Verdict</th></tr></thead>
  <tbody>${caches.slice(0, MOST_LINES).map(
    (
      one,
    ) => html`<tr title="${one.why}"><td class="what"><span class="name">${nameOf(one.image)}</span>${one.tags.slice(0, 2).map((tag) => html`<span class="tag">${tag}</span>`)}</td>
    <td class="number" data-label="Its own">${formatBytes(one.uniqueBytes)}</td>
    <td class="number" data-label="Hits">${one.hits ?? 'unknown'}</td>
    <td class="number" data-label="Hours saved a GB-month">${one.hoursPerGbMonth?.toFixed(1) ?? ''}</td>
    <td class="number" data-label="Worth a month">${one.worthUsd === undefined ? '' : `${one.worthUsd < 0 ? '−' : ''}${dollars(Math.abs(one.worthUsd))}`}</td>
    <td data-label="Verdict">${verdictNames[one.verdict]}</td></tr>`,
  )}</tbody></table>
</section>`;
}
