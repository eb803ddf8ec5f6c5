import { backupCompleted, draftEvent, type EventDraft } from '../events/index.ts';
import type { StoredSnapshot } from './model.ts';

const NAMED = 20;

/** The event that tells of a snapshot. */
export function backupDraft({ key, digest, snapshot }: StoredSnapshot): EventDraft {
  const { registry, startedAt, takenAt, repositories, unread } = snapshot;
  const faults = [
    ...unread.map(({ name, why }) => `${name}: ${why}`),
    ...repositories.flatMap(({ name, faults: own }) => own.map((one) => `${name}@${one.digest}: ${one.why}`)),
  ];
  const sum = (of: (one: (typeof repositories)[number]) => number): number =>
    repositories.reduce((total, one) => total + of(one), 0);
  return draftEvent(backupCompleted, {
    ...{ registry, snapshot: { key, digest }, startedAt, takenAt },
    repositories: repositories.length,
    manifests: sum(({ manifests }) => manifests),
    bytes: sum(({ bytes }) => bytes),
    faults: faults.length,
    named: faults.slice(0, NAMED),
  });
}
