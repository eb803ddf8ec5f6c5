import { z } from 'zod';
import { LadingError } from '../../core/errors.ts';
import { decodeBase64, encodeBase64 } from '../base64.ts';

/** A signature over `preAuthEncoding(payloadType, payload)`; `keyid` is a hint and proves nothing. */
export interface DsseSignature {
  readonly sig: Uint8Array;
  readonly keyid?: string;
}

/** DSSE envelope (secure-systems-lab/dsse, envelope.md), decoded. */
export interface DsseEnvelope {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly DsseSignature[];
}

const base64 = z.string().transform((text, context) => {
  const bytes = decodeBase64(text);
  if (bytes !== undefined) return bytes;
  context.addIssue({ code: 'custom', message: 'not base64' });
  return z.NEVER;
});

export const dsseEnvelopeSchema = z.object({
  payloadType: z.string().min(1).max(1024),
  payload: base64,
  signatures: z
    .array(z.object({ sig: base64, keyid: z.string().nullish() }))
    .min(1)
    .max(64),
});

/**
 * What is signed: type and payload with their lengths, so that neither can be taken for part of the other
 * (secure-systems-lab/dsse, protocol.md, "Signature Definition").
 */
export function preAuthEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType, 'utf8');
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `, 'ascii'),
    type,
    Buffer.from(` ${payload.length} `, 'ascii'),
    payload,
  ]);
}

/** @throws LadingError `envelope-invalid` */
export function parseDsseEnvelope(value: unknown): DsseEnvelope {
  const parsed = dsseEnvelopeSchema.safeParse(value);
  if (parsed.success) return toEnvelope(parsed.data);
  throw new LadingError('envelope-invalid', `not a DSSE envelope: ${z.prettifyError(parsed.error)}`);
}

export const toEnvelope = (data: z.infer<typeof dsseEnvelopeSchema>): DsseEnvelope => ({
  payloadType: data.payloadType,
  payload: data.payload,
  signatures: data.signatures.map(({ sig, keyid }) => ({ sig, ...(keyid ? { keyid } : {}) })),
});

/** The envelope as a value for JSON. */
export const encodeDsseEnvelope = (envelope: DsseEnvelope) => ({
  payload: encodeBase64(envelope.payload),
  payloadType: envelope.payloadType,
  signatures: envelope.signatures.map(({ sig, keyid }) => ({ sig: encodeBase64(sig), ...(keyid ? { keyid } : {}) })),
});
