import { z } from 'zod';
import { announcedSubject, bySubject, define, documentRef } from '../define.ts';

export const provenanceRecorded = define(
  'lading.provenance',
  'Provenance Recorded',
  z.object({
    subject: announcedSubject,
    provenance: documentRef,
    builder: z.string(),
    /** SLSA Build level, and why it is no higher. */
    level: z.int().min(0).max(3),
    reasons: z.array(z.string()),
    /** Source, materials and base images, as URIs with digests. */
    materials: z.array(z.object({ uri: z.string(), digest: z.string().optional() })).max(100),
    /** Whether who pushed the image is who built it; `unknown` where the registry does not tell. */
    pushedByBuilder: z.enum(['yes', 'no', 'unknown']),
    /** How the word came to us; `untrusted` and `unsigned` are nobody's whom we know. */
    authenticity: z.enum(['platform', 'token', 'signed', 'untrusted', 'unsigned']).optional(),
    /** Whose trusted key signed it, as the setting `provenance` names it. */
    signer: z.string().optional(),
  }),
  // The same words, first in a stranger's mouth and then in a trusted one's, are news; so is who pushed.
  (data) =>
    `${bySubject(data)} ${data.provenance.digest} ${data.authenticity ?? ''} ${data.level} ${data.pushedByBuilder}`,
);
