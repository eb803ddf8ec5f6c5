import { z } from 'zod';
import { bySubject, define } from '../define.ts';
import { digestSchema, subjectSchema } from '../envelope.ts';

export const imageSigned = define(
  'lading.signing',
  'Image Signed',
  z.object({
    subject: subjectSchema,
    signature: z.object({
      /** Digest of the signature's own manifest, a referrer of the subject. */
      digest: digestSchema,
      mediaType: z.string(),
      artifactType: z.string(),
      algorithm: z.string(),
      keyId: z.string(),
    }),
  }),
  bySubject,
);

const keyOfStatement = z.object({ keyId: z.string(), algorithm: z.string() });
export const imageAttested = define(
  'lading.signing',
  'Image Attested',
  z.object({
    subject: subjectSchema,
    /** Digest of the manifest of the verdict's summary. */
    verdict: digestSchema,
    /** What that verdict is: statements are made of denied images too, and these are not copied for it. */
    decision: z.enum(['allow', 'deny', 'quarantine']),
    validUntil: z.iso.datetime(),
    /** Everything that was attached, each a referrer of the subject; later verdicts take the place of earlier ones. */
    attestations: z.array(keyOfStatement.extend({ predicateType: z.string(), digest: digestSchema })),
    /** Referrers that said what is not said any more: removed from the registry. */
    superseded: z.array(digestSchema),
    /** Predicate types of statements that are too large for verifiers to read. */
    tooLarge: z.array(z.string()),
  }),
  (data) => `${bySubject(data)} ${data.verdict}`,
);

export const signatureRequested = define(
  'lading.signing',
  'Signature Requested',
  z.object({
    subject: subjectSchema,
    /** Keys that have not signed it, though today's rule asks for them. */
    missing: z.array(keyOfStatement),
  }),
  (data) => `${bySubject(data)} ${data.missing.map(({ keyId }) => keyId).join(' ')}`,
);

export const keyRevoked = define(
  'lading.signing',
  'Key Revoked',
  keyOfStatement.extend({ reason: z.string(), revokedAt: z.iso.datetime() }),
  (data) => data.keyId,
);

const verdictData = z.object({ subject: subjectSchema, verdict: digestSchema, reason: z.string() });
export const verdictRenewed = define(
  'lading.signing',
  'Verdict Renewed',
  verdictData.extend({ validUntil: z.iso.datetime() }),
  (data) => `${bySubject(data)} ${data.verdict}`,
);
export const verdictLapsed = define(
  'lading.signing',
  'Verdict Lapsed',
  verdictData,
  (data) => `${bySubject(data)} ${data.verdict}`,
);
