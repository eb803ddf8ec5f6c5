import { locationKey } from '../../core/image-reference.ts';
import type { CryptoEntry, Material, SignedStatement, StandingVerdict, StatementKey } from '../model.ts';
import type { CryptoInventory, MaterialStore, StatementStore, VerdictBoard } from '../ports.ts';
import { outranks } from '../take-leave.ts';

export function memoryStatements(): StatementStore {
  const records = new Map<string, SignedStatement>();
  const keyOf = ({ subject, predicateType, version, keyId }: StatementKey): string =>
    [locationKey(subject), predicateType, version, keyId].join('\n');
  return {
    find: async (key) => records.get(keyOf(key)),
    async record(statement) {
      const kept = records.get(keyOf(statement)) ?? structuredClone(statement);
      records.set(keyOf(statement), kept);
      return kept;
    },
  };
}

export function memoryVerdictBoard(): VerdictBoard {
  const verdicts = new Map<string, StandingVerdict>();
  return {
    find: async (image) => verdicts.get(locationKey(image)),
    async stand(verdict) {
      const before = verdicts.get(locationKey(verdict.subject));
      if (before !== undefined && outranks(before, verdict)) return 'superseded';
      verdicts.set(locationKey(verdict.subject), structuredClone(verdict));
      return 'stands';
    },
    async *endingBefore(time) {
      for (const verdict of [...verdicts.values()]) {
        if (verdict.state === 'standing' && new Date(verdict.validUntil) <= time) yield verdict;
      }
    },
    async lapse(verdict) {
      const key = locationKey(verdict.subject);
      if (verdicts.get(key)?.verifiedAt !== verdict.verifiedAt) return false;
      verdicts.set(key, { ...structuredClone(verdict), state: 'lapsed' });
      return true;
    },
  };
}

export function memoryCryptoInventory(): CryptoInventory {
  const entries = new Map<string, CryptoEntry>();
  const sorted = (): CryptoEntry[] =>
    [...entries.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry);
  const order = ({ digest, ...rest }: CryptoEntry['subject']): string =>
    `${digest}#${locationKey({ ...rest, digest })}`;
  return {
    note: async (entry) => void entries.set(`${order(entry.subject)}#${entry.keyId}`, entry),
    of: async (image) => sorted().filter(({ subject }) => locationKey(subject) === locationKey(image)),
    async *all({ after } = {}) {
      const from = after === undefined ? '' : `${after.slice(after.indexOf('@') + 1)}#${after}`;
      for (const entry of sorted()) if (order(entry.subject) > from) yield entry;
    },
  };
}

export function memoryMaterials(): MaterialStore {
  const materials = new Map<string, Material>();
  return {
    add: async (material) =>
      void materials.set(`${locationKey(material.subject)} ${material.kind} ${material.document.digest}`, material),
    of: async (image) => [...materials.values()].filter(({ subject }) => locationKey(subject) === locationKey(image)),
  };
}
