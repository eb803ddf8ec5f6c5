import { formatBytes } from '../../core/format-units.ts';
import { locationKey } from '../../core/image-reference.ts';
import type { CatalogEntry } from '../../inventory/index.ts';
import type { ImageOverview } from '../../overview/index.ts';
import { coverageNote, severityMarks } from './findings-view.ts';
import { moment, pathParameter, shortDigestOf } from './format.ts';
import { type Html, html } from './html.ts';
import { pipeline, standingBadge, standingOf } from './stage-view.ts';

/** Id of the row in the page, safe in every context. */
export const rowId = (at: Parameters<typeof locationKey>[0]): string =>
  `image-${Buffer.from(locationKey(at)).toString('base64url')}`;

export const imageLink = (at: Parameters<typeof locationKey>[0]): string =>
  `/image?ref=${pathParameter(locationKey(at))}`;

const SHOWN_TAGS = 3;

export function imageName({ entry, tags }: Pick<ImageOverview, 'entry' | 'tags'>): Html {
  const more = tags.length > SHOWN_TAGS ? html` <span class="dim">+${tags.length - SHOWN_TAGS}</span>` : '';
  const shown = tags.slice(0, SHOWN_TAGS).map((tag) => html`<span class="tag">${tag}</span>`);
  return html`<bdi class="repository">${entry.repository}</bdi>${shown}${more}`;
}

/** What kind of thing it is: an image by its platform and size, an index by the platforms that it holds. */
export function kindOf(entry: CatalogEntry): string {
  const platforms = [...new Set(entry.children.map(({ platform }) => platform))].filter(
    (platform) => platform !== undefined && platform !== 'unknown/unknown',
  );
  if (entry.artifactClass === 'index') return `index${platforms.length > 0 ? ` of ${platforms.join(', ')}` : ''}`;
  return [
    entry.artifactClass === 'image' ? undefined : entry.artifactClass,
    entry.platform,
    formatBytes(entry.sizeBytes),
  ]
    .filter(Boolean)
    .join(' · ');
}

const packagesCell = ({ sbom }: ImageOverview): Html => {
  if (!sbom) return html`<span class="dim">–</span>`;
  const { packages, outcome, detail } = sbom.sbom;
  const count = packages.toLocaleString('en');
  if (outcome === 'complete') return html`${count}`;
  return html`${count} <span class="badge warn" title="${`${outcome}: ${detail ?? ''}`}">gaps</span>`;
};

const findingsCell = ({ scan }: ImageOverview): Html => {
  if (!scan) return html`<span class="dim">–</span>`;
  const note = coverageNote(scan);
  return html`${severityMarks(scan.counts)}${note ? html`<div class="where">${note}</div>` : ''}`;
};

export function imageRow(image: ImageOverview): Html {
  const { entry } = image;
  const name = [entry.repository, ...image.tags, entry.digest].join(' ').toLowerCase();
  return html`<tr id="${rowId(entry)}" data-standing="${standingOf(image)}" data-name="${name}">
  <td class="what"><a class="name" href="${imageLink(entry)}">${imageName(image)}</a>
    <div class="where">${shortDigestOf(entry.digest)} · ${kindOf(entry)}</div></td>
  <td data-label="Stages" class="stages">${pipeline(image)}</td>
  <td data-label="Packages" class="number${image.sbom ? '' : ' none'}">${packagesCell(image)}</td>
  <td data-label="Findings" class="found${image.scan ? '' : ' none'}">${findingsCell(image)}</td>
  <td data-label="Status" class="status">${standingBadge(image)}</td>
  <td data-label="Pushed" class="when">${moment(entry.pushedAt)}</td>
</tr>`;
}
