import { z } from 'zod';
import { isLadingError } from '../core/errors.ts';
import { canonicalJson, parseJsonStrict } from '../core/json.ts';
import { type DsseEnvelope, encodeDsseEnvelope, parseDsseEnvelope, preAuthEncoding } from '../formats/dsse/index.ts';
import type { Signer, VerificationKey } from '../signing/index.ts';
import { edgeError } from './errors.ts';
import {
  DESIRED_STATE_TYPE,
  type DesiredState,
  desiredStateSchema,
  MAX_EDGE_DOCUMENT_BYTES,
  SITE_REPORT_TYPE,
  type SiteReport,
  siteReportSchema,
} from './model.ts';

/** Signs a desired state: canonical JSON in a DSSE envelope. @throws LadingError `signer-unavailable` */
export const sealDesiredState = (signer: Signer, state: DesiredState): Promise<Uint8Array> =>
  seal(signer, DESIRED_STATE_TYPE, state);

/** As `sealDesiredState`, by the key of the site. */
export const sealSiteReport = (signer: Signer, report: SiteReport): Promise<Uint8Array> =>
  seal(signer, SITE_REPORT_TYPE, report);

/**
 * @param keys that are trusted to say what a site should hold
 * @throws LadingError `edge-signature-invalid`, `edge-document-invalid`
 */
export const openDesiredState = (envelope: Uint8Array, keys: readonly VerificationKey[]): DesiredState =>
  open(envelope, DESIRED_STATE_TYPE, keys, desiredStateSchema);

/** @throws LadingError `edge-signature-invalid`, `edge-document-invalid` */
export const openSiteReport = (envelope: Uint8Array, keys: readonly VerificationKey[]): SiteReport =>
  open(envelope, SITE_REPORT_TYPE, keys, siteReportSchema);

async function seal(signer: Signer, payloadType: string, value: unknown): Promise<Uint8Array> {
  const payload = Buffer.from(canonicalJson(value));
  const [{ hint }, sig] = await Promise.all([signer.publicKey(), signer.sign(preAuthEncoding(payloadType, payload))]);
  const envelope = encodeDsseEnvelope({ payloadType, payload, signatures: [{ sig, keyid: hint }] });
  return Buffer.from(canonicalJson(envelope));
}

/** The signature first: nothing inside is read before a trusted key has vouched for it. */
function open<T>(bytes: Uint8Array, type: string, keys: readonly VerificationKey[], schema: z.ZodType<T>): T {
  const { payloadType, payload, signatures } = readEnvelope(bytes, type);
  const message = preAuthEncoding(payloadType, payload);
  if (payloadType !== type || !signatures.some(({ sig }) => keys.some((key) => key.verifies(message, sig)))) {
    throw edgeError('edge-signature-invalid', `it is no ${type} that one of the ${keys.length} trusted keys signed`);
  }
  const parsed = schema.safeParse(readJson(payload, type));
  if (parsed.success) return parsed.data;
  throw edgeError('edge-document-invalid', `a signed ${type} that cannot be read: ${z.prettifyError(parsed.error)}`);
}

function readEnvelope(bytes: Uint8Array, type: string): DsseEnvelope {
  try {
    return parseDsseEnvelope(parseJsonStrict(bytes, { maxDepth: 8, maxBytes: MAX_EDGE_DOCUMENT_BYTES, what: type }));
  } catch (cause) {
    if (!isLadingError(cause)) throw cause;
    throw edgeError('edge-signature-invalid', `it is no envelope of ${type}: ${cause.message}`, { cause });
  }
}

function readJson(payload: Uint8Array, type: string): unknown {
  try {
    return parseJsonStrict(payload, { maxDepth: 16, maxBytes: MAX_EDGE_DOCUMENT_BYTES, what: type });
  } catch (cause) {
    if (!isLadingError(cause)) throw cause;
    throw edgeError('edge-document-invalid', cause.message, { cause });
  }
}
