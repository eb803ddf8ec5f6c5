import { html } from 'hono/html';
import { formatImageReference, locationKey } from '../../core/image-reference.ts';
import type { ImageOverview } from '../../overview/index.ts';
import type { FindingView } from '../ports.ts';
import { severityCells, stageChips } from './image-row.ts';
import { formatBytes, type Html, layout } from './layout.ts';

const reasons = (list: readonly string[]): Html =>
  list.length === 0 ? html`` : html`<ul>${list.map((reason) => html`<li>${reason}</li>`)}</ul>`;

function facts(image: ImageOverview): Html {
  const { entry, sbom, verdict, signature, replicas } = image;
  return html`<dl>
  <dt>digest</dt><dd class="digest">${entry.digest}</dd>
  <dt>tags</dt><dd>${image.tags.join(', ') || 'none'}</dd>
  <dt>class</dt><dd>${entry.artifactClass} (${entry.mediaType})</dd>
  ${entry.platform ? html`<dt>platform</dt><dd>${entry.platform}</dd>` : ''}
  <dt>size</dt><dd>${formatBytes(entry.sizeBytes)} in ${entry.layers.length} layers</dd>
  <dt>pushed</dt><dd>${entry.pushedAt}</dd>
  <dt>stages</dt><dd>${stageChips(image.stages)}</dd>
  ${
    sbom
      ? html`<dt>SBOM</dt><dd>${sbom.sbom.packages} packages, ${sbom.layersRead} layers read, ${sbom.layersReused} known already${
          sbom.sbom.outcome === 'complete' ? '' : `: ${sbom.sbom.outcome} (${sbom.sbom.detail ?? ''})`
        } · <a href="/api/sbom?ref=${encodeURIComponent(locationKey(entry))}">CycloneDX</a></dd>`
      : ''
  }
  ${
    verdict
      ? html`<dt>verdict</dt><dd><span class="${verdict.decision}">${verdict.decision}</span> by policy “${verdict.policy.name}”${reasons(verdict.reasons)}${reasons(verdict.warnings)}</dd>`
      : ''
  }
  ${signature ? html`<dt>signature</dt><dd><span class="digest">${signature.digest}</span> (${signature.algorithm})</dd>` : ''}
  ${replicas.map((replica) => html`<dt>replica</dt><dd>${replica.target.registry}/${replica.target.repository}, ${formatBytes(replica.bytesMoved)} moved</dd>`)}
</dl>`;
}

function findingsTable(findings: readonly FindingView[]): Html {
  return html`<div class="scroll"><table>
  <thead><tr><th>severity</th><th>id</th><th>package</th><th>version</th><th>fixed in</th><th>where</th></tr></thead>
  <tbody>${findings.map(
    (
      finding,
    ) => html`<tr><td class="${finding.severity}">${finding.severity}</td><td>${finding.id}</td><td>${finding.package}</td>
    <td>${finding.version}</td><td>${finding.fixedVersions.join(', ') || finding.fixState}</td><td class="dim">${finding.location ?? ''}</td></tr>`,
  )}</tbody></table></div>`;
}

export function imagePage(image: ImageOverview, findings: readonly FindingView[] | undefined): Html {
  const { entry, scan } = image;
  const title = formatImageReference({ ...entry, ...(image.tags[0] ? { tag: image.tags[0] } : {}) });
  return layout(
    `${entry.repository} · Lading`,
    html`<section><h2>${title}</h2>${facts(image)}</section>
${
  scan
    ? html`<section><h2>Findings</h2><p>${severityCells(scan.counts)}${
        scan.uncovered > 0
          ? html` <span class="dim">${scan.uncovered} of ${scan.packages} packages belong to an ecosystem without advisories in the snapshot: unknown, not clean.</span>`
          : ''
      }</p>${findings && findings.length > 0 ? findingsTable(findings) : ''}</section>`
    : ''
}
${
  image.signature
    ? html`<section><h2>Verify it yourself</h2><pre>lading key export &gt; lading.pub
cosign verify --key lading.pub --insecure-ignore-tlog=true ${entry.registry}/${entry.repository}@${entry.digest}</pre></section>`
    : ''
}`,
  );
}
