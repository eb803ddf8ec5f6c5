import { html } from 'hono/html';
import type { ImageOverview } from '../../overview/index.ts';
import type { Activity } from '../ports.ts';
import { imageRow } from './image-row.ts';
import { type Html, layout } from './layout.ts';

export function activityLine({ time, detailType, subject }: Activity): Html {
  return html`<li><time datetime="${time}">${time.slice(11, 19)}</time><span>${detailType}</span><span class="digest" title="${subject ?? ''}">${subject ?? ''}</span></li>`;
}

export function imagesPage(images: readonly ImageOverview[], activity: readonly Activity[], head: number): Html {
  return layout(
    'Images · Lading',
    html`<section id="images">
  <h2>Images</h2>
  <div class="scroll"><table>
    <thead><tr><th>image</th><th>stages</th><th>packages</th><th>findings</th><th>verdict</th><th>signature</th><th>replicas</th></tr></thead>
    <tbody>${images.map(imageRow)}</tbody>
  </table></div>
  ${images.length === 0 ? html`<p class="empty">No image was pushed yet. Push one and it appears here.</p>` : ''}
</section>
<section>
  <h2>Events</h2>
  <ol class="feed">${activity.toReversed().map(activityLine)}</ol>
</section>`,
    { liveAfter: head },
  );
}
