import { unreachable } from '../core/errors.ts';
import type { Change, RemediationPlan } from './model.ts';
import { oneLine } from './one-line.ts';

export function describeChange(change: Change): string {
  switch (change.kind) {
    case 'rebuild':
      return "build it again: the distribution's updates come in";
    case 'newer-base':
      return `build it on ${oneLine(change.name)}@${change.to} instead of ${change.from}`;
    case 'upgrade-package':
      return `upgrade ${oneLine(change.name)} (${change.type}) from ${oneLine(change.from)} to ${oneLine(change.to)}`;
    default:
      return unreachable(change);
  }
}

export interface PullRequestText {
  readonly title: string;
  readonly body: string;
}

/** A text for a pull request, in Markdown; names of strangers are code spans of one line. */
export function pullRequestText(plan: RemediationPlan): PullRequestText {
  const base = plan.changes.find((change) => change.kind === 'newer-base');
  const title = base
    ? `Build on ${oneLine(base.name)}@${base.to.slice(0, 19)}: ${plan.cleared.length} findings fewer`
    : `Clear ${plan.cleared.length} findings`;
  const list = (items: readonly string[]): string =>
    items
      .slice(0, 50)
      .map((item) => `- ${code(item)}`)
      .join('\n') + (items.length > 50 ? `\n- and ${items.length - 50} more` : '');
  const body = [
    `For ${code(plan.image)}:`,
    plan.changes.map((change) => `- ${describeChange(change).replace(/[`<>]/g, ' ')}`).join('\n'),
    ...(base
      ? [`\`\`\`diff\n-FROM ${oneLine(base.name)}@${base.from}\n+FROM ${oneLine(base.name)}@${base.to}\n\`\`\``]
      : []),
    `This clears\n\n${list(plan.cleared)}`,
    ...(plan.introduced.length > 0 ? [`and brings in\n\n${list(plan.introduced)}`] : []),
    `${plan.left} findings stay.`,
  ].join('\n\n');
  return { title: title.slice(0, 200), body };
}

const code = (text: string): string => `\`${oneLine(text).replaceAll('`', "'")}\``;
