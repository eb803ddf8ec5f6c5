import { stripVTControlCharacters, styleText } from 'node:util';
import type { SeverityCounts } from '../../../lib/events/index.ts';
import type { ImageState } from './image-state.ts';

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;
export const plain: Paint = (_style, text) => text;
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

const NAMES: Readonly<Record<string, string>> = {
  catalog: 'catalogued',
  sbom: 'inventoried',
  match: 'scanned',
  gate: 'gated',
  sign: 'signed',
  replicate: 'replicated',
  attest: 'attested',
};

/** One line of a stage: what came of it and how long after the push it was done. */
export function stageLine(
  stage: ImageState['stages'][number],
  image: ImageState,
  pushedAt: Date,
  paint: Paint,
): string {
  const name = (NAMES[stage.stage] ?? stage.stage).padEnd(12);
  switch (stage.state) {
    case 'done': {
      const ms = stage.completedAt ? Date.parse(stage.completedAt) - pushedAt.getTime() : undefined;
      // The same image was pushed before: then nothing of it is done again.
      const time = ms === undefined ? '' : ms < 0 ? 'earlier' : `${(ms / 1000).toFixed(2)} s`;
      return `${paint('green', '✓')} ${name}${paint('dim', time.padStart(8))}  ${detail(stage.stage, image, paint)}`.trimEnd();
    }
    case 'working':
      return `${paint('cyan', '…')} ${name}`.trimEnd();
    case 'not-needed':
      return paint('dim', `- ${name}          ${why(stage.stage, image)}`.trimEnd());
    default:
      return paint('dim', `· ${name}`.trimEnd());
  }
}

const why = (stage: string, image: ImageState): string =>
  stage === 'sign' || ((stage === 'replicate' || stage === 'attest') && !image.signature)
    ? 'not allowed by the gate'
    : stage === 'replicate'
      ? 'no rule copies it'
      : '';

function detail(stage: string, image: ImageState, paint: Paint): string {
  switch (stage) {
    case 'catalog':
      return image.entry.artifactClass;
    case 'sbom':
      return image.sbom
        ? `${image.sbom.sbom.packages} packages; ${image.sbom.layersRead} layers read, ${image.sbom.layersReused} known already`
        : '';
    case 'match':
      return image.scan ? findings(image.scan.counts, paint) : '';
    case 'gate':
      return image.verdict ? paint(image.verdict.decision === 'allow' ? 'green' : 'red', image.verdict.decision) : '';
    case 'sign':
      return image.signature ? image.signature.digest.slice(0, 19) : '';
    case 'replicate':
      return image.replicas.map(({ target, bytesMoved }) => `${target.registry} (${bytesMoved} bytes)`).join(', ');
    case 'attest':
      return image.attestation
        ? `${image.attestation.attestations.length} statements, valid until ${image.attestation.validUntil.slice(0, 10)}`
        : '';
    default:
      return '';
  }
}

const SHOWN = ['critical', 'high', 'medium', 'low', 'unknown'] as const;

export function findings(counts: SeverityCounts, paint: Paint): string {
  const style = { critical: 'red', high: 'red', medium: 'yellow', low: 'dim', unknown: 'dim' } as const;
  const found = SHOWN.filter((severity) => counts[severity] > 0);
  return found.length === 0
    ? 'no known findings'
    : found.map((severity) => paint(style[severity], `${counts[severity]} ${severity}`)).join(', ');
}

/** What a terminal shows: all stages, each time anew. */
export function progressLines(image: ImageState, pushedAt: Date, paint: Paint): readonly string[] {
  return image.stages.map((stage) => `  ${stageLine(stage, image, pushedAt, paint)}`);
}

export interface SummaryOptions {
  /** How the user reaches the image: `localhost:5000/sample:1`. */
  readonly reference: string;
  readonly page: string;
  readonly replicaReferences: readonly string[];
}

/** What is said when nothing more will happen: verdict with reasons, and how to check the signature. */
export function summaryLines(image: ImageState, options: SummaryOptions, paint: Paint): readonly string[] {
  const lines: string[] = [];
  const row = (name: string, text: string): void => void lines.push(`  ${paint('dim', name.padEnd(11))}${text}`);
  row('image', `${options.reference} ${paint('dim', image.entry.digest)}`);
  const { sbom, scan, verdict, signature } = image;
  if (sbom && sbom.sbom.outcome !== 'complete') {
    row('inventory', paint('yellow', `${sbom.sbom.outcome}: ${sbom.sbom.detail ?? 'not all could be read'}`));
  }
  if (scan) row('findings', `${findings(scan.counts, paint)}; ${scan.fixable} with a fix`);
  if (verdict) {
    row(
      'verdict',
      `${paint(verdict.decision === 'allow' ? 'green' : 'red', verdict.decision)} by the policy "${verdict.policy.name}"`,
    );
    for (const text of [...verdict.reasons, ...verdict.warnings]) row('', text);
  }
  for (const replica of options.replicaReferences) row('replica', replica);
  row('page', options.page);
  if (signature) {
    row('verify', 'npm run -s lading -- key export > lading.pub');
    row(
      '',
      `cosign verify --key lading.pub --insecure-ignore-tlog=true ${options.reference.replace(/:[^:/@]+$/, '')}@${image.entry.digest}`,
    );
  }
  return lines;
}

/** Width that a line takes on a terminal. */
export const visibleWidth = (line: string): number => stripVTControlCharacters(line).length;
