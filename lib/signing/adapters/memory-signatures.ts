import { locationKey } from '../../core/image-reference.ts';
import type { RecordedSignature } from '../model.ts';
import type { SignatureStore } from '../ports.ts';

export function memorySignatures(): SignatureStore {
  const records = new Map<string, RecordedSignature>();
  return {
    async record(signature) {
      const key = `${locationKey(signature.subject)} ${signature.keyId} ${signature.format}`;
      const existing = records.get(key);
      if (existing !== undefined) return existing;
      records.set(key, structuredClone(signature));
      return 'recorded';
    },
    get: async (subject, keyId, format = 'cosign-bundle') => records.get(`${locationKey(subject)} ${keyId} ${format}`),
  };
}
