import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { shortDigest } from '../core/digest.ts';
import { type ImageLocation, locationKey } from '../core/image-reference.ts';
import {
  backupCompleted,
  budgetExceeded,
  type EventBridgeEvent,
  type EventDefinition,
  findingsChanged,
  gateDecided,
  imageExpired,
  keyRevoked,
  readEvent,
  registryRecovered,
  registryWentDown,
  remediationPlanned,
  replicaDiverged,
  retentionWithheld,
  untrustedImageStarted,
  verdictLapsed,
} from '../events/index.ts';
import type { NotifiableEvent, Notification, Severity } from './model.ts';

interface Told {
  readonly severity: Severity;
  readonly title: string;
  readonly lines: readonly string[];
}

/** How to tell of one kind of event. */
interface Teller {
  readonly definition: EventDefinition;
  tell(data: unknown): Told;
}

type Subject = ImageLocation & { readonly tags: readonly string[] };

const teller = <Data extends z.ZodType>(
  definition: EventDefinition<Data>,
  tell: (data: z.infer<Data>) => Told,
): Teller => ({ definition, tell: tell as (data: unknown) => Told });

const MAX_TITLE = 200;
const MAX_LINES = 20;
const MAX_LINE = 500;

const TELLERS: Readonly<Record<NotifiableEvent, Teller>> = {
  'Gate Decided': teller(gateDecided, ({ subject, decision, reasons, warnings }) => {
    const verb = { allow: 'is allowed', deny: 'is denied', quarantine: 'is quarantined' }[decision];
    const severity = ({ allow: 'info', deny: 'critical', quarantine: 'warning' } as const)[decision];
    return { severity, title: `${nameOf(subject)} ${verb}`, lines: [...reasons, ...warnings] };
  }),
  'Findings Changed': teller(findingsChanged, ({ subject, ...changes }) => {
    const worse = [...changes.knownExploited, ...changes.appeared, ...changes.severityChanged];
    const counted = (
      [
        ['known exploited', changes.knownExploited],
        ['new', changes.appeared],
        ['of another severity', changes.severityChanged],
        ['fixed', changes.fixed],
        ['withdrawn', changes.withdrawn],
      ] as const
    ).filter(([, findings]) => findings.length > 0);
    return {
      severity: severityOfFindings(changes.knownExploited.length > 0, worse),
      title: `Findings of ${nameOf(subject)}${changes.archived ? ' (archived)' : ''}: ${counted.map(([what, f]) => `${f.length} ${what}`).join(', ') || 'no change'}`,
      lines: worse.map((one) => `${one.id} (${one.severity}) in ${one.package} ${one.version}`),
    };
  }),
  'Replica Diverged': teller(replicaDiverged, ({ subject, target, difference, detail }) => ({
    severity: difference === 'corrupted' ? 'critical' : 'warning',
    title: `The replica of ${nameOf(subject)} in ${target.registry}/${target.repository} is ${difference}`,
    lines: [detail],
  })),
  'Verdict Lapsed': teller(verdictLapsed, ({ subject, reason }) => ({
    severity: 'warning',
    title: `The verdict on ${nameOf(subject)} has lapsed`,
    lines: [reason],
  })),
  'Remediation Planned': teller(remediationPlanned, ({ subject, changes, cleared, left, dryRun, actions }) => ({
    severity: 'info',
    title: `${cleared} findings of ${nameOf(subject)} can be cleared`,
    lines: [
      ...changes,
      `${left} would stay`,
      ...(actions.length > 0 ? [`${dryRun ? 'would ask' : 'asked'} for ${actions.join(', ')}`] : []),
    ],
  })),
  'Image Expired': teller(imageExpired, ({ subject, reason, deletedCount }) => ({
    severity: 'info',
    title: `${nameOf(subject)} was deleted, ${deletedCount} manifests in all`,
    lines: [reason],
  })),
  'Untrusted Image Started': teller(untrustedImageStarted, ({ subject, workload, reason, detail, stopped }) => ({
    severity: 'critical',
    title: `${nameOf(subject)} runs in ${workload.kind} ${workload.name} and is not trusted`,
    lines: [`${reason}: ${detail}`, stopped ? 'it was told to stop' : 'it was not told to stop'],
  })),
  'Key Revoked': teller(keyRevoked, ({ keyId, algorithm, reason, revokedAt }) => ({
    severity: 'critical',
    title: `The signing key ${keyId} was revoked`,
    lines: [reason, `${algorithm}, revoked at ${revokedAt}; nothing that it signed counts any more`],
  })),
  'Budget Exceeded': teller(budgetExceeded, ({ budget, month, reason, threshold, limitUsd, spentUsd, ...data }) => ({
    severity: reason === 'spent' && threshold >= 1 ? 'critical' : 'warning',
    title:
      reason === 'spent'
        ? `The budget ${budget} is used up to ${Math.round(threshold * 100)} % for ${month}`
        : `The budget ${budget} is expected to be exceeded in ${month}`,
    lines: [
      `${spentUsd.toFixed(2)} of ${limitUsd.toFixed(2)} USD spent`,
      ...(data.expectedUsd === undefined
        ? []
        : [`${data.expectedUsd.toFixed(2)} USD expected by the end of the month`]),
      ...data.owners.map(({ owner, usd }) => `${owner}: ${usd.toFixed(2)} USD`),
    ],
  })),
  'Backup Completed': teller(backupCompleted, ({ registry, repositories, manifests, faults, named }) => ({
    severity: faults === 0 ? 'info' : 'warning',
    title: `${registry} was backed up: ${manifests} manifests of ${repositories} repositories${faults === 0 ? '' : `, without ${faults} that could not be read`}`,
    lines: named,
  })),
  'Registry Went Down': teller(registryWentDown, ({ registry, since, askedAgainAt, detail }) => ({
    severity: 'critical',
    title: `${registry} does not answer`,
    lines: [detail, `since ${since}; it is asked again at ${askedAgainAt}`],
  })),
  'Retention Withheld': teller(retentionWithheld, ({ registry, repository, reason, left }) => ({
    severity: 'warning',
    title: `Nothing is deleted in ${registry}/${repository}, where ${left} ${left === 1 ? 'thing was' : 'things were'} to be done`,
    lines: [reason],
  })),
  'Registry Recovered': teller(registryRecovered, ({ registry, downSince, recoveredAt }) => ({
    severity: 'info',
    title: `${registry} answers again`,
    lines: [`it was down from ${downSince} until ${recoveredAt}`],
  })),
};

/** What it is about: an image, a key, a budget, or a registry. */
type About =
  | { readonly subject: ImageLocation }
  | { readonly keyId: string }
  | { readonly budget: string }
  | { readonly registry: string };

function nameOfOther(about: Exclude<About, { subject: ImageLocation }>): string {
  if ('keyId' in about) return `key ${about.keyId}`;
  return 'budget' in about ? `budget ${about.budget}` : `registry ${about.registry}`;
}

/** Equal for what another build of the same repository is told of in the same words. */
function topicOf(event: string, about: About, lines: readonly string[]): string {
  const of = 'subject' in about ? [about.subject.registry, about.subject.repository] : [nameOfOther(about)];
  const text = JSON.stringify([event, ...of, [...lines].sort()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function severityOfFindings(exploited: boolean, worse: readonly { readonly severity: string }[]): Severity {
  const ranks = new Set(worse.map(({ severity }) => severity.toLowerCase()));
  if (exploited || ranks.has('critical')) return 'critical';
  return ranks.has('high') ? 'warning' : 'info';
}

const nameOf = ({ registry, repository, digest, tags: [tag] }: Subject): string =>
  `${registry}/${repository}${tag === undefined ? '' : `:${tag}`} (${shortDigest(digest)})`;

const isNotifiable = (detailType: string): detailType is NotifiableEvent => Object.hasOwn(TELLERS, detailType);

/**
 * What there is to tell of an event; `undefined` where nobody can ask to hear of its kind.
 *
 * @throws LadingError `event-invalid`
 */
export function describeEvent(envelope: EventBridgeEvent): Notification | undefined {
  const event = envelope['detail-type'];
  if (!isNotifiable(event)) return undefined;
  const { definition, tell } = TELLERS[event];
  const { metadata, data } = readEvent(definition, envelope).detail;
  const { severity, title, lines } = tell(data);
  const about = data as About;
  return {
    id: metadata.id,
    event,
    source: envelope.source,
    time: metadata.occurredAt,
    severity,
    title: oneLine(title, MAX_TITLE),
    lines: lines.slice(0, MAX_LINES).map((line) => oneLine(line, MAX_LINE)),
    subject: 'subject' in about ? locationKey(about.subject) : nameOfOther(about),
    correlationId: metadata.correlationId,
    topic: topicOf(event, about, lines),
    data,
  };
}

/** Names come from strangers: no line breaks or terminal sequences, no direction marks that reorder what is read. */
function oneLine(text: string, max: number): string {
  const plain = text
    .slice(0, 4 * max)
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .trim();
  return plain.length <= max ? plain : `${plain.slice(0, max - 1).toWellFormed()}…`;
}
