import { unreachable } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import type { Stage } from '../../inventory/index.ts';
import type { ImageOverview, StageStatus } from '../../overview/index.ts';
import { type Html, html } from './html.ts';

/** Each stage by what the image has become after it, and by what goes on in it. */
export const stageNames: Readonly<Record<Stage, { readonly done: string; readonly doing: string }>> = {
  catalog: { done: 'catalogued', doing: 'being catalogued' },
  sbom: { done: 'inventoried', doing: 'packages are being read' },
  match: { done: 'scanned', doing: 'being scanned' },
  gate: { done: 'gated', doing: 'being decided on' },
  sign: { done: 'signed', doing: 'being signed' },
  replicate: { done: 'replicated', doing: 'being replicated' },
  attest: { done: 'attested', doing: 'being attested' },
};

/** How an image stands, in one word: the rows are counted and filtered by it. */
export type Standing = 'progress' | 'allow' | 'quarantine' | 'deny' | 'other';

export function standingOf(image: ImageOverview): Standing {
  if (!image.settled) return 'progress';
  return image.verdict?.decision ?? 'other';
}

export const standingNames: Readonly<Record<Standing, string>> = {
  progress: 'in progress',
  allow: 'allowed',
  quarantine: 'quarantined',
  deny: 'denied',
  other: 'catalogued',
};

export const standingBadge = (image: ImageOverview): Html => {
  const standing = standingOf(image);
  return html`<span class="badge ${standing}">${standingNames[standing]}</span>`;
};

/** The gate's step says what it decided, because "done" would be a lie about an image that may not run. */
const kindOf = (step: StageStatus, image: ImageOverview): string =>
  step.stage === 'gate' && step.state === 'done' ? (image.verdict?.decision ?? 'done') : step.state;

const words = (step: StageStatus, image: ImageOverview): string => {
  switch (step.state) {
    case 'done':
      return step.stage === 'gate' && image.verdict
        ? standingNames[image.verdict.decision]
        : stageNames[step.stage].done;
    case 'working':
      return `${stageNames[step.stage].doing}${step.attempts > 1 ? `, attempt ${step.attempts}` : ''}`;
    case 'waiting':
      return `${stageNames[step.stage].done}: not yet`;
    case 'not-needed':
      return `${stageNames[step.stage].done}: not needed`;
    default:
      return unreachable(step.state);
  }
};

/** The six stages as a row of marks, and a line that says where the image stands. */
export function pipeline(image: ImageOverview): Html {
  return html`<ol class="steps">${image.stages.map(
    (step) =>
      html`<li class="${kindOf(step, image)}" title="${words(step, image)}"><span class="unseen">${words(step, image)}</span></li>`,
  )}</ol><div class="where">${whereItStands(image)}</div>`;
}

export function whereItStands(image: ImageOverview): string {
  const { stages, verdict, signature, replicas } = image;
  const working = stages.find(({ state }) => state === 'working');
  if (working) return words(working, image);
  const waiting = stages.find(({ state }) => state === 'waiting');
  if (!image.settled && waiting) return `waiting to be ${stageNames[waiting.stage].done}`;
  if (verdict?.decision === 'deny') return 'stopped by the gate';
  if (verdict?.decision === 'quarantine') return 'held back by the gate';
  const parts = [
    ...(signature ? ['signed'] : []),
    ...(replicas.length > 0 ? [plural(replicas.length, 'replica')] : []),
  ];
  const last = stages.findLast(({ state }) => state === 'done');
  return parts.join(', ') || (last ? stageNames[last.stage].done : '');
}
