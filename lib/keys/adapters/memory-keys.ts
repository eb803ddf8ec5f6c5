import type { KeyRecord } from '../model.ts';
import type { KeyRegister } from '../ports.ts';

export function memoryKeys(): KeyRegister {
  const records = new Map<string, KeyRecord>();
  return {
    note: async (key) => void (records.has(key.keyId) || records.set(key.keyId, { ...key })),
    all: async () => [...records.values()],
    async revoke(keyId, revocation) {
      const known = records.get(keyId);
      if (known === undefined) return undefined;
      const next = { ...known, revoked: known.revoked ?? revocation };
      records.set(keyId, next);
      return next;
    },
  };
}
