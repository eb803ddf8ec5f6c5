import { z } from 'zod';
import { type Item, type ItemKey, ifAbsent, type Table } from '../../aws/table.ts';
import { LadingError } from '../../core/errors.ts';
import { type ImageLocation, locationKey, parseLocationKey } from '../../core/image-reference.ts';
import { digestSchema } from '../../events/index.ts';
import { type RecordedSignature, type SignatureFormat, signatureAlgorithms, signatureFormats } from '../model.ts';
import type { SignatureStore } from '../ports.ts';

const bytes = z.instanceof(Uint8Array).transform((given) => new Uint8Array(given));

const rowSchema = z.object({
  pk: z.string(),
  keyId: z.string(),
  /** Absent in rows from before there was a choice. */
  format: z.enum(signatureFormats).default('cosign-bundle'),
  algorithm: z.enum(signatureAlgorithms),
  createdAt: z.string(),
  bundle: bytes,
  manifest: bytes,
  manifestMediaType: z.string(),
  manifestDigest: digestSchema,
});

const keyOf = (subject: ImageLocation, keyId: string, format: SignatureFormat): ItemKey => ({
  pk: locationKey(subject),
  sk: format === 'cosign-bundle' ? `signature#${keyId}` : `signature#${keyId}#${format}`,
});

/** Signatures in DynamoDB: one item each (about 3 KB), written once and never changed. */
export function dynamoSignatures(table: Table): SignatureStore {
  const get: SignatureStore['get'] = async (subject, keyId, format = 'cosign-bundle') => {
    const row = await table.get(keyOf(subject, keyId, format), { consistent: true });
    return row === undefined ? undefined : readRow(row);
  };
  return {
    get,
    async record(signature) {
      const { subject, ...rest } = signature;
      const { keyId, format } = signature;
      if (await table.put({ ...keyOf(subject, keyId, format), ...rest }, ifAbsent)) return 'recorded';
      const existing = await get(subject, keyId, format);
      if (existing !== undefined) return existing;
      throw new LadingError('signature-record-lost', `the signature of ${locationKey(subject)} was there and is not`, {
        retryable: true,
      });
    },
  };
}

function readRow(row: Item): RecordedSignature {
  const parsed = rowSchema.safeParse(row);
  if (!parsed.success) {
    throw new LadingError('signature-record-damaged', `a recorded signature: ${z.prettifyError(parsed.error)}`);
  }
  const { pk, ...rest } = parsed.data;
  return { subject: parseLocationKey(pk), ...rest };
}
