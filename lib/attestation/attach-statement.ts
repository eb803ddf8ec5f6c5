import { digestOf } from '../core/digest.ts';
import type { ImageLocation } from '../core/image-reference.ts';
import { type Descriptor, EMPTY_BLOB } from '../formats/oci/index.ts';
import { MAX_BUNDLE_BYTES } from '../formats/sigstore-bundle/index.ts';
import type { BlobWriter, ManifestWriter } from '../registry/index.ts';
import type { Signer } from '../signing/index.ts';
import type { SignedStatement, StatementDraft } from './model.ts';
import type { StatementStore } from './ports.ts';
import { signStatement } from './sign-statement.ts';

export interface AttachPorts {
  readonly statements: StatementStore;
  /** The registry of the image. */
  readonly registry: BlobWriter & ManifestWriter;
}

export type AttachOutcome =
  | { readonly kind: 'attached'; readonly statement: SignedStatement }
  /** Verifiers read bundles of up to 4 MiB; a larger one would be a proof that nobody looks at. */
  | { readonly kind: 'too-large'; readonly predicateType: string; readonly bytes: number };

/**
 * Says something of an image, once per key and version: what was signed before is pushed again with the same bytes,
 * what is new is recorded before it is pushed.
 *
 * @throws LadingError `signer-unavailable`, `key-unusable`, `statement-faulty`, and those of the registry
 */
export async function attachStatement(
  { statements, registry }: AttachPorts,
  signer: Signer,
  about: { readonly subject: ImageLocation; readonly image: Descriptor },
  draft: StatementDraft,
  now: Date,
): Promise<AttachOutcome> {
  const { subject, image } = about;
  const { hint: keyId } = await signer.publicKey();
  const { predicateType, version } = draft;
  let statement = await statements.find({ subject, predicateType, version, keyId });
  if (statement === undefined) {
    const signed = await signStatement(signer, subject, image, draft, now);
    if (signed.bundle.length > MAX_BUNDLE_BYTES) {
      return { kind: 'too-large', predicateType, bytes: signed.bundle.length };
    }
    statement = await statements.record(signed);
  }
  await pushStatement(registry, statement);
  return { kind: 'attached', statement };
}

/** Pushes the recorded bytes. Every step is idempotent, so it can be repeated as a whole. */
async function pushStatement(registry: BlobWriter & ManifestWriter, statement: SignedStatement): Promise<void> {
  const { bundle, manifest, manifestMediaType } = statement;
  const { repository } = statement.subject;
  const { digest, size } = EMPTY_BLOB.descriptor;
  await registry.putBlob({ repository, digest, size, content: EMPTY_BLOB.bytes });
  await registry.putBlob({ repository, digest: digestOf(bundle), size: bundle.length, content: bundle });
  await registry.attachReferrer({ repository, mediaType: manifestMediaType, bytes: manifest });
}
