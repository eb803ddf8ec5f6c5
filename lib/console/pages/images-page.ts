import { parseLocationKey } from '../../core/image-reference.ts';
import type { ImageOverview } from '../../overview/index.ts';
import type { Activity } from '../ports.ts';
import { type Html, html } from './html.ts';
import { imageLink, imageRow } from './image-row.ts';
import { layout } from './layout.ts';
import { type Standing, stageNames, standingNames, standingOf } from './stage-view.ts';

/** What an event says at a glance: the colour of its mark. */
const tones: readonly (readonly [RegExp, string])[] = [
  [/^(?:Image Signed|Image Replicated|Verdict Renewed|Image Restored)$/, 'good'],
  [/^(?:Replica Diverged|Verdict Lapsed|Findings Changed)$/, 'bad'],
  [/^(?:Image Expired|Image Deleted|Image Archived|Retention Planned)$/, 'gone'],
];

export function activityLine({ time, detailType, subject }: Activity): Html {
  const tone = tones.find(([pattern]) => pattern.test(detailType))?.[1] ?? 'plain';
  return html`<li class="${tone}"><time datetime="${time}" title="${time}">${time.slice(11, 19)}</time><span class="event">${detailType}</span>${subjectLink(subject)}</li>`;
}

function subjectLink(subject: string | undefined): Html {
  if (subject === undefined) return html`<span></span>`;
  try {
    const at = parseLocationKey(subject);
    const digest = at.digest.slice(0, at.digest.indexOf(':') + 13);
    return html`<a class="subject" href="${imageLink(at)}" title="${subject}"><bdi>${at.repository}</bdi> <span class="digest">${digest}</span> <span class="registry">${at.registry}</span></a>`;
  } catch {
    // Some events are about a repository or a snapshot.
    return html`<span class="subject" title="${subject}">${subject}</span>`;
  }
}

const filters: readonly Standing[] = ['progress', 'allow', 'quarantine', 'deny'];

function toolbar(images: readonly ImageOverview[]): Html {
  const count = (standing: Standing): number => images.filter((image) => standingOf(image) === standing).length;
  return html`<div class="toolbar">
  <div class="filters" role="group" aria-label="Show">
    <button type="button" data-show="" aria-pressed="true">All <b>${images.length.toLocaleString('en')}</b></button>
    ${filters.map(
      (standing) =>
        html`<button type="button" data-show="${standing}" aria-pressed="false"><i class="mark ${standing}"></i>${standingNames[standing]} <b>${count(standing)}</b></button>`,
    )}
  </div>
  <input type="search" id="search" placeholder="Repository, tag or digest" aria-label="Search images" autocomplete="off" spellcheck="false">
</div>`;
}

const emptyState = html`<div class="empty">
  <h3>No image was pushed yet</h3>
  <p>Push one to a registry that Lading watches, and within seconds it appears here: catalogued, inventoried, scanned, gated, signed and replicated.</p>
  <pre>docker push REGISTRY/team/app:v1
lading push oci:FOLDER:REF team/app:v1</pre>
</div>`;

/** What the marks of a row mean, from left to right. */
const legend = html`<p class="legend">Stages: ${Object.values(stageNames).map(
  ({ done }, i) => html`${i > 0 ? html` <i aria-hidden="true">→</i> ` : ''}${done}`,
)}<span><i class="mark allow"></i>done</span><span><i class="mark progress"></i>under way</span><span><i class="mark deny"></i>stopped by the gate</span></p>`;

export function imagesPage(images: readonly ImageOverview[], activity: readonly Activity[], head: number): Html {
  const table = html`<table class="stacked" id="images">
  <thead><tr><th>Image</th><th>Stages</th><th class="number">Packages</th><th>Findings</th><th>Status</th><th>Pushed</th></tr></thead>
  <tbody>${images.map(imageRow)}</tbody>
</table>`;
  return layout(
    { title: 'Images', current: 'images', liveAfter: head },
    html`<section class="card${images.length === 0 ? ' bare' : ''}">
  <div class="head"><h2>Images</h2>${toolbar(images)}</div>
  ${table}
  ${images.length === 0 ? emptyState : ''}
  <p class="nothing" hidden>No image fits.</p>
  ${legend}
</section>
<section class="card">
  <div class="head"><h2>Events</h2></div>
  <ol class="feed">${activity.toReversed().map(activityLine)}</ol>
  ${activity.length === 0 ? html`<p class="nothing">Nothing has happened yet.</p>` : ''}
</section>`,
  );
}
