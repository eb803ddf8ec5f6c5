import { z } from 'zod';
import { type Digest, isDigest } from '../../core/digest.ts';
import { isLadingError, LadingError } from '../../core/errors.ts';
import { blobsOf, MAX_MANIFEST_BYTES, parseManifest } from '../../formats/oci/index.ts';

export interface References {
  /** Config, layers and all else that it needs beside manifests. */
  readonly blobs: readonly Digest[];
  /** What an index lists: manifests, and for old build caches blobs. */
  readonly children: readonly Digest[];
  /** What it is about. */
  readonly subject: Digest | undefined;
}

/**
 * What a manifest needs. Of one that is none of the kinds that are known (Docker's schema 1, what a plug-in wrote), every
 * digest that it names anywhere: too much is kept, and never too little.
 *
 * @throws LadingError `manifest-unreadable`: it may need anything
 */
export function readReferences(digest: Digest, bytes: Uint8Array): References {
  try {
    const manifest = parseManifest(bytes, undefined, { digest });
    return {
      blobs: blobsOf(manifest).map((one) => one.digest),
      children: manifest.kind === 'index' ? manifest.manifests.map((one) => one.digest) : [],
      subject: manifest.subject?.digest,
    };
  } catch (error) {
    if (!isLadingError(error)) throw error;
    const named = digestsAnywhere(digest, bytes);
    return { blobs: named, children: named, subject: undefined };
  }
}

const DIGEST_TEXT = /sha(?:256:[a-f0-9]{64}|512:[a-f0-9]{128})/g;

function digestsAnywhere(digest: Digest, bytes: Uint8Array): readonly Digest[] {
  const found = new Set<Digest>();
  const unreadable = (cause?: unknown): LadingError =>
    new LadingError('manifest-unreadable', `the manifest ${digest} cannot be read, and may need anything`, { cause });
  if (bytes.length > MAX_MANIFEST_BYTES) throw unreadable();
  let value: unknown;
  try {
    value = z.json().parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw unreadable(cause);
  }
  for (const todo: unknown[] = [value]; todo.length > 0; ) {
    const one = todo.pop();
    if (typeof one === 'string') {
      // Schema 1 holds JSON in texts.
      for (const [text] of one.matchAll(DIGEST_TEXT)) if (isDigest(text)) found.add(text);
    } else if (one !== null && typeof one === 'object') {
      for (const [key, child] of Object.entries(one)) todo.push(key, child);
    }
  }
  return [...found];
}
