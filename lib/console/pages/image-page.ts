import { formatBytes, plural } from '../../core/format-units.ts';
import { formatImageReference, locationKey } from '../../core/image-reference.ts';
import type { ImageOverview, StageStatus } from '../../overview/index.ts';
import type { FindingView } from '../ports.ts';
import { coverageNote, findingsTable, severityMarks } from './findings-view.ts';
import { formatDuration, moment, pathParameter, shortDigestOf } from './format.ts';
import { type Html, html } from './html.ts';
import { imageLink, imageName, rowId } from './image-row.ts';
import { layout } from './layout.ts';
import { type SbomFacts, sbomCard } from './sbom-card.ts';
import { stageNames, standingBadge, standingNames } from './stage-view.ts';

/** What belongs to an image besides itself. */
export interface Relations {
  /** Images of an index, in its order; those that the catalogue does not know have no overview. */
  readonly children: readonly { readonly platform?: string; readonly digest: string; readonly image?: ImageOverview }[];
  /** Indexes that list it. */
  readonly parents: readonly ImageOverview['entry'][];
  /** Signatures, SBOMs and attestations that refer to it. */
  readonly referrers: readonly ImageOverview['entry'][];
  readonly sboms: SbomFacts;
}

export function imagePage(
  image: ImageOverview,
  findings: readonly FindingView[] | undefined,
  relations: Relations,
  head: number,
): Html {
  const { entry } = image;
  return layout(
    { title: entry.repository, current: 'images', liveAfter: head, about: rowId(entry) },
    html`<p class="crumbs"><a href="/">Images</a> / <bdi>${entry.repository}</bdi></p>
<section class="card">
  <div class="head"><h1>${imageName(image)}</h1>${standingBadge(image)}</div>
  <p class="digest whole">${entry.registry}/${entry.repository}@${entry.digest}</p>
  ${timeline(image)}
</section>
${verdictCard(image)}
${findingsCard(image, findings)}
${sbomCard(image, relations.sboms)}
${childrenCard(relations)}
${factsCard(image, relations)}
${verifyCard(image)}`,
  );
}

function timeline(image: ImageOverview): Html {
  const pushed = Date.parse(image.entry.firstSeenAt);
  const took = ({ completedAt }: StageStatus): string =>
    completedAt === undefined ? '' : `after ${formatDuration(Math.max(0, Date.parse(completedAt) - pushed))}`;
  return html`<ol class="timeline">${image.stages.map((step) => {
    const decided = step.stage === 'gate' && step.state === 'done' ? image.verdict?.decision : undefined;
    return html`<li class="${decided ?? step.state}">
    <b>${decided ? standingNames[decided] : stageNames[step.stage].done}</b>
    <span>${step.state === 'done' ? stageDetail(step, image) : stateWords(step)}</span>
    <small>${took(step)}</small></li>`;
  })}</ol>`;
}

const stateWords = ({ state, attempts }: StageStatus): string =>
  state === 'not-needed'
    ? 'not needed'
    : state === 'waiting'
      ? 'not yet'
      : attempts > 1
        ? `attempt ${attempts}`
        : 'under way';

function stageDetail({ stage }: StageStatus, image: ImageOverview): string {
  const { entry, sbom, scan, verdict, signature, replicas, attestation } = image;
  switch (stage) {
    case 'catalog':
      return plural(entry.layers.length || entry.children.length, entry.layers.length > 0 ? 'layer' : 'manifest');
    case 'sbom':
      return sbom ? plural(sbom.sbom.packages, 'package') : '';
    case 'match':
      return scan
        ? plural(
            Object.values(scan.counts).reduce((sum, n) => sum + n, 0),
            'finding',
          )
        : '';
    case 'gate':
      return verdict ? `policy ${verdict.policy.name}` : '';
    case 'sign':
      return signature?.algorithm ?? '';
    case 'replicate':
      return plural(replicas.length, 'replica');
    case 'attest':
      return attestation ? plural(attestation.attestations.length, 'statement') : '';
  }
}

function verdictCard({ verdict }: ImageOverview): Html {
  if (!verdict || (verdict.reasons.length === 0 && verdict.warnings.length === 0)) return html``;
  const list = (title: string, items: readonly string[], tone: string): Html =>
    items.length === 0
      ? html``
      : html`<h3 class="${tone}">${title}</h3><ul class="reasons ${tone}">${items.map((item) => html`<li>${item}</li>`)}</ul>`;
  const against = verdict.decision === 'allow' ? 'Reasons' : `Why it is ${standingNames[verdict.decision]}`;
  return html`<section class="card">
  <div class="head"><h2>Gate</h2><span class="dim">policy “${verdict.policy.name}”</span></div>
  ${list(against, verdict.reasons, 'bad')}
  ${
    verdict.warnings.length > 5
      ? html`<details><summary>${plural(verdict.warnings.length, 'warning')}</summary>${list('', verdict.warnings, 'warned')}</details>`
      : list(plural(verdict.warnings.length, 'warning'), verdict.warnings, 'warned')
  }
</section>`;
}

function findingsCard({ entry, scan, sbom }: ImageOverview, findings: readonly FindingView[] | undefined): Html {
  if (!scan) return html``;
  const note = coverageNote(scan);
  const gaps = sbom && sbom.sbom.outcome !== 'complete' ? `${sbom.sbom.outcome}: ${sbom.sbom.detail ?? ''}` : '';
  return html`<section class="card">
  <div class="head"><h2>Findings</h2>${severityMarks(scan.counts)}${scan.fixable > 0 ? html`<span class="dim">${scan.fixable} can be fixed by an update</span>` : ''}<a class="dim" href="/votes?ref=${pathParameter(locationKey(entry))}">other scanners</a></div>
  ${note ? html`<p class="note">${note}: unknown, not clean.${gaps ? ` ${gaps}` : ''}</p>` : ''}
  ${findings && findings.length > 0 ? findingsTable(findings, `/api/image?ref=${pathParameter(locationKey(entry))}`) : ''}
  ${findings === undefined ? html`<p class="nothing">The report of this scan is not there any more.</p>` : ''}
</section>`;
}

function childrenCard({ children }: Relations): Html {
  if (children.length === 0) return html``;
  return html`<section class="card">
  <div class="head"><h2>Platforms</h2></div>
  <table class="stacked">
    <thead><tr><th>Platform</th><th>Digest</th><th class="number">Packages</th><th>Findings</th><th>Status</th></tr></thead>
    <tbody>${children.map(
      ({ platform, digest, image }) => html`<tr>
      <td class="what">${image ? html`<a class="name" href="${imageLink(image.entry)}">${platform ?? 'not named'}</a>` : (platform ?? 'not named')}</td>
      <td data-label="Digest">${shortDigestOf(digest)}</td>
      <td data-label="Packages" class="number">${image?.sbom?.sbom.packages ?? '–'}</td>
      <td data-label="Findings">${image?.scan ? severityMarks(image.scan.counts) : '–'}</td>
      <td data-label="Status">${image ? standingBadge(image) : html`<span class="dim">not catalogued</span>`}</td></tr>`,
    )}</tbody>
  </table>
</section>`;
}

function factsCard(image: ImageOverview, { parents, referrers }: Relations): Html {
  const { entry, sbom, signature, replicas } = image;
  const fact = (name: string, value: Html | string | undefined): Html =>
    value === undefined || value === '' ? html`` : html`<dt>${name}</dt><dd>${value}</dd>`;
  const labels = Object.entries(entry.labels);
  return html`<section class="card">
  <div class="head"><h2>Facts</h2></div>
  <dl>
  ${fact('Tags', image.tags.join(', ') || 'none')}
  ${fact('Kind', html`${entry.artifactClass}${entry.platform ? ` for ${entry.platform}` : ''} <span class="dim">${entry.mediaType}</span>`)}
  ${fact('Size', entry.layers.length > 0 ? `${formatBytes(entry.sizeBytes)} in ${plural(entry.layers.length, 'layer')}` : '')}
  ${fact('Pushed', moment(entry.pushedAt))}
  ${fact('Built', entry.created === undefined ? undefined : html`${moment(entry.created)} <span class="dim">as the image says</span>`)}
  ${fact('Deleted', entry.deletedAt === undefined ? undefined : moment(entry.deletedAt))}
  ${fact(
    'SBOM',
    sbom &&
      html`${plural(sbom.sbom.packages, 'package')}; ${plural(sbom.layersRead, 'layer')} read, ${sbom.layersReused} known before · <a href="/api/sbom?ref=${pathParameter(locationKey(entry))}">CycloneDX</a>`,
  )}
  ${fact('Signature', signature && html`${shortDigestOf(signature.digest)} ${signature.algorithm}, key ${signature.keyId}`)}
  ${fact(
    'Replicas',
    replicas.length === 0
      ? undefined
      : html`<ul class="plain">${replicas.map(({ target, bytesMoved }) => html`<li>${target.registry}/${target.repository} <span class="dim">${formatBytes(bytesMoved)} moved</span></li>`)}</ul>`,
  )}
  ${fact('Part of', parents.length === 0 ? undefined : html`${parents.map((parent) => html`<a href="${imageLink(parent)}">${shortDigestOf(parent.digest)}</a> `)}`)}
  ${fact(
    'Attached',
    referrers.length === 0
      ? undefined
      : html`<ul class="plain">${referrers.map((one) => html`<li>${one.artifactClass} <a href="${imageLink(one)}">${shortDigestOf(one.digest)}</a></li>`)}</ul>`,
  )}
  </dl>
  ${
    labels.length === 0
      ? ''
      : html`<details><summary>${plural(labels.length, 'label')}</summary><dl>${labels.map(([name, value]) => html`<dt class="mono">${name}</dt><dd>${value}</dd>`)}</dl></details>`
  }
</section>`;
}

function verifyCard({ entry, signature }: ImageOverview): Html {
  if (!signature) return html``;
  const reference = formatImageReference({
    registry: entry.registry,
    repository: entry.repository,
    digest: entry.digest,
  });
  return html`<section class="card">
  <div class="head"><h2>Verify it yourself</h2></div>
  <pre>lading key export &gt; lading.pub
cosign verify --key lading.pub --insecure-ignore-tlog=true \\
  ${reference}</pre>
</section>`;
}
