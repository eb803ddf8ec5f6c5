import { z } from 'zod';
import { isLadingError } from '../core/errors.ts';
import { parseJsonStrict } from '../core/json.ts';
import { type AdmissionAnswer, type AdmissionRequest, admissionReviewSchema } from './model.ts';

/** etcd holds objects of some 1.5 MB; a review has the object and the one before. */
const MAX_REVIEW_BYTES = 8 * 1024 * 1024;

export type ReviewReading =
  | { readonly kind: 'request'; readonly request: AdmissionRequest }
  | { readonly kind: 'invalid'; readonly problem: string };

/** Reads an AdmissionReview of the API server. */
export function readReview(body: Uint8Array): ReviewReading {
  try {
    const value = parseJsonStrict(body, { maxBytes: MAX_REVIEW_BYTES, what: 'the AdmissionReview' });
    const parsed = admissionReviewSchema.safeParse(value);
    if (parsed.success) return { kind: 'request', request: parsed.data.request };
    return { kind: 'invalid', problem: z.prettifyError(parsed.error) };
  } catch (error) {
    if (isLadingError(error)) return { kind: 'invalid', problem: error.message };
    throw error;
  }
}

/** The answer as the API server wants it (Kubernetes, "Dynamic admission control", Response). */
export function writeReview(request: Pick<AdmissionRequest, 'uid'>, answer: AdmissionAnswer): unknown {
  const { allowed, message, warnings, patch } = answer;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed,
      ...(message === undefined ? {} : { status: { code: 403, reason: 'Forbidden', message } }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(patch.length === 0
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }),
    },
  };
}
