import { html } from 'hono/html';
import { locationKey } from '../../core/image-reference.ts';
import type { SeverityCounts } from '../../events/index.ts';
import type { ImageOverview, StageStatus } from '../../overview/index.ts';
import { formatBytes, type Html } from './layout.ts';

/** Id of the row in the page, safe in every context. */
export const rowId = (image: ImageOverview): string =>
  `image-${Buffer.from(locationKey(image.entry)).toString('base64url')}`;

export const imageLink = (image: ImageOverview): string => `/image?ref=${encodeURIComponent(locationKey(image.entry))}`;

const shownSeverities = ['critical', 'high', 'medium', 'low', 'unknown'] as const;

export const severityCells = (counts: SeverityCounts): Html => {
  const found = shownSeverities.filter((severity) => counts[severity] > 0);
  return found.length === 0
    ? html`<span class="count dim">none known</span>`
    : html`${found.map((severity) => html`<span class="count ${severity}">${counts[severity]} ${severity}</span>`)}`;
};

const titles: Record<StageStatus['state'], string> = {
  done: 'done',
  working: 'under way',
  waiting: 'waiting',
  'not-needed': 'not needed for this image',
};

export const stageChips = (stages: readonly StageStatus[]): Html =>
  html`<div class="chips">${stages.map(
    ({ stage, state }) => html`<span class="chip ${state}" title="${titles[state]}">${stage}</span>`,
  )}</div>`;

export function imageRow(image: ImageOverview): Html {
  const { entry, scan, verdict, signature, replicas, sbom } = image;
  const name = image.tags.length > 0 ? `${entry.repository}:${image.tags.join(', ')}` : entry.repository;
  return html`<tr id="${rowId(image)}">
  <td><a class="name" href="${imageLink(image)}">${name}</a>
    <div class="dim"><span class="digest">${entry.digest.slice(0, 19)}</span> · ${entry.artifactClass}${
      entry.platform ? ` · ${entry.platform}` : ''
    } · ${formatBytes(entry.sizeBytes)}</div></td>
  <td>${stageChips(image.stages)}</td>
  <td>${sbom ? sbom.sbom.packages : ''}</td>
  <td>${scan ? severityCells(scan.counts) : ''}</td>
  <td>${verdict ? html`<span class="${verdict.decision}">${verdict.decision}</span>` : ''}</td>
  <td>${signature ? html`<span title="${signature.digest}">signed</span>` : ''}</td>
  <td>${replicas.length > 0 ? replicas.length : ''}</td>
</tr>`;
}
