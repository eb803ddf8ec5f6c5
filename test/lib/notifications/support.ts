import type { z } from 'zod';
import {
  draftEvent,
  type EventBridgeEvent,
  type EventDefinition,
  findingsChanged,
  gateDecided,
  imageExpired,
  keyRevoked,
  publishable,
  replicaDiverged,
  untrustedImageStarted,
  verdictLapsed,
} from '../../../lib/events/index.ts';

const digest = `sha256:${'a'.repeat(64)}` as const;
const subject = { registry: 'r.example', repository: 'team/app', digest, mediaType: 'm/m', tags: ['1.2'] };
export const location = `r.example/team/app@${digest}`;

function envelopeOf<Data extends z.ZodType>(definition: EventDefinition<Data>, data: z.input<Data>): EventBridgeEvent {
  const now = new Date('2026-04-04T04:04:04.000Z');
  const event = publishable(draftEvent(definition, data), { root: 'push-1' }, now);
  return {
    id: 'delivery',
    source: event.source,
    'detail-type': event.detailType,
    account: '1',
    time: '2026-04-04T04:04:05Z',
    region: 'r',
    resources: [],
    detail: event.detail,
  };
}

export const decided = (decision: 'allow' | 'deny' | 'quarantine', reasons: string[] = []) =>
  envelopeOf(gateDecided, {
    subject,
    decision,
    reasons,
    warnings: ['soon to be fixed'],
    policy: { name: 'default', digest },
    inputs: digest,
    scan: digest,
  });

type Finding = { id: string; package: string; version: string; severity: string };
export const finding = (id: string, severity: string): Finding => ({
  id,
  package: 'openssl',
  version: '3.0',
  severity,
});

export const findings = (
  changes: Partial<Record<'appeared' | 'fixed' | 'knownExploited' | 'severityChanged', Finding[]>> & {
    readonly archived?: boolean;
  },
) =>
  envelopeOf(findingsChanged, {
    subject,
    scan: {
      key: 'k',
      digest,
      matcher: 'm',
      counts: { critical: 0, high: 0, medium: 0, low: 0, negligible: 0, unknown: 0 },
      fixable: 0,
      uncovered: 0,
      packages: 1,
      sbomOutcome: 'complete',
    },
    ...{ appeared: [], fixed: [], withdrawn: [], severityChanged: [], knownExploited: [] },
    ...changes,
  });

export const diverged = (difference: 'missing' | 'corrupted', detail = 'a blob is gone') =>
  envelopeOf(replicaDiverged, {
    subject,
    target: { registry: 'b.example', repository: 'team/app' },
    difference,
    detail,
  });

export const lapsed = () => envelopeOf(verdictLapsed, { subject, verdict: digest, reason: 'a new advisory' });
export const expired = () =>
  envelopeOf(imageExpired, { subject, reason: 'older than 90 days', deleted: [digest], deletedCount: 3 });

export const untrustedStarted = (stopped: boolean) =>
  envelopeOf(untrustedImageStarted, {
    subject,
    workload: { kind: 'ECS task', name: 'prod/web' },
    reason: 'unsigned',
    detail: 'nobody\u202e signed it',
    stopped,
  });
export const revoked = () =>
  envelopeOf(keyRevoked, {
    keyId: 'k1',
    algorithm: 'ecdsa-p256-sha256',
    reason: 'it was leaked',
    revokedAt: '2026-04-04T04:04:00.000Z',
  });
