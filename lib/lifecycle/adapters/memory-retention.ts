import { type Clock, systemClock } from '../../core/clock.ts';
import type { Digest } from '../../core/digest.ts';
import type { RepositoryName } from '../../inventory/index.ts';
import type { Hold, Lease, Pulls, Quarantine, RestoredTag } from '../model.ts';
import { type QuarantineStore, type RetentionStore, SENTENCE_MS } from '../ports.ts';
import { memoryRestores } from './memory-restores.ts';

const key = (of: RepositoryName): string => `${of.registry}/${of.repository}`;

export function memoryRetention(clock: Clock = systemClock): RetentionStore {
  const held: { readonly of: string; readonly lease: Lease }[] = [];
  let holds: { readonly of: string; readonly hold: Hold }[] = [];
  const plans = new Map<string, { readonly key: string; readonly plannedAt: string }>();
  const sentences = new Map<string, { readonly until: number; readonly by: string }>();
  const reports = new Map<string, string>();
  const pulls = memoryTimes();
  const uses = memoryTimes();
  const isCondemned = (of: RepositoryName, digest: Digest): boolean =>
    (sentences.get(`${key(of)}@${digest}`)?.until ?? 0) > clock.now().getTime();
  const holdsOf = (of: RepositoryName) => holds.flatMap((row) => (row.of === key(of) ? [row.hold] : []));
  return {
    ...memoryQuarantine(),
    ...memoryRestores(clock),
    leases: async (of) => held.flatMap((row) => (row.of === key(of) ? [row.lease] : [])),
    async hold(of, lease) {
      if (isCondemned(of, lease.digest)) return 'condemned';
      held.push({ of: key(of), lease });
      return 'held';
    },
    holds: async (of) => holdsOf(of),
    async place(of, hold) {
      if (isCondemned(of, hold.digest)) return 'condemned';
      holds = holds.filter(
        (row) => row.of !== key(of) || row.hold.digest !== hold.digest || row.hold.name !== hold.name,
      );
      holds.push({ of: key(of), hold });
      return 'held';
    },
    async lift(of, digest, name) {
      const before = holds.length;
      holds = holds.filter((row) => row.of !== key(of) || row.hold.digest !== digest || row.hold.name !== name);
      return holds.length < before;
    },
    async condemn(of, digest, by) {
      const now = clock.now();
      if (isCondemned(of, digest) && sentences.get(`${key(of)}@${digest}`)?.by !== by) return false;
      const isHeld =
        holdsOf(of).some((hold) => hold.digest === digest) ||
        held.some((row) => row.of === key(of) && row.lease.digest === digest && row.lease.until > now.toISOString());
      if (!isHeld) sentences.set(`${key(of)}@${digest}`, { until: now.getTime() + SENTENCE_MS, by });
      return !isHeld;
    },
    async reprieve(of, digest, by) {
      const at = `${key(of)}@${digest}`;
      if (sentences.get(at)?.by === by) sentences.delete(at);
    },
    record: async (of, plan) => void plans.set(key(of), plan),
    last: async (of) => plans.get(key(of)),
    pulled: async (of, { digest, pulledAt }) => pulls.note(of, digest, pulledAt),
    pulls: async (of) => pulls.all(of),
    used: async (of, { digest, usedAt }) => uses.note(of, digest, usedAt),
    uses: async (of) => uses.all(of),
    async reported(collector, at) {
      if (at > (reports.get(collector) ?? '')) reports.set(collector, at);
    },
    lastReport: async (collector) => reports.get(collector),
  };
}

function memoryTimes() {
  const since = new Map<string, string>();
  const times = new Map<string, Map<Digest, string>>();
  return {
    note(of: RepositoryName, digest: Digest, at: string): void {
      const last = times.get(key(of)) ?? new Map<Digest, string>();
      times.set(key(of), last);
      if (at > (last.get(digest) ?? '')) last.set(digest, at);
      if (at < (since.get(of.registry) ?? '~')) since.set(of.registry, at);
    },
    all(of: RepositoryName): Pulls | undefined {
      const told = since.get(of.registry);
      return told === undefined ? undefined : { since: told, last: new Map(times.get(key(of))) };
    },
  };
}

function memoryQuarantine(): QuarantineStore {
  let aside: { readonly of: string; readonly quarantine: Quarantine }[] = [];
  const back = new Map<string, Map<string, RestoredTag>>();
  const isOf = (of: RepositoryName, root: Digest) => (row: (typeof aside)[number]) =>
    row.of === key(of) && row.quarantine.root === root;
  return {
    quarantined: async (of) => aside.flatMap((row) => (row.of === key(of) ? [row.quarantine] : [])),
    async quarantine(of, quarantine) {
      if (aside.some(isOf(of, quarantine.root))) return false;
      aside.push({ of: key(of), quarantine });
      return true;
    },
    quarantineOf: async (at) =>
      aside.find((row) => row.of === key(at) && row.quarantine.digests.includes(at.digest))?.quarantine,
    async endQuarantine(of, { root }, restored) {
      aside = aside.filter((row) => !isOf(of, root)(row));
      const known = back.get(key(of)) ?? new Map<string, RestoredTag>();
      back.set(key(of), known);
      for (const one of restored) known.set(one.tag, one);
    },
    restoredTags: async (of) => [...(back.get(key(of))?.values() ?? [])],
  };
}
