import { createDigester, digestAlgorithm } from '../core/digest.ts';
import { LadingError, LimitExceededError } from '../core/errors.ts';
import { type Descriptor, type ImageConfig, parseImageConfig } from '../formats/oci/index.ts';
import type { LayerSource } from './ports.ts';

const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Reads and checks the configuration of an image.
 *
 * @throws LimitExceededError over 8 MiB; LadingError `size-mismatch`, `digest-mismatch`, `image-config-invalid`, and those
 * of the source
 */
export async function readConfig(source: LayerSource, config: Descriptor, signal?: AbortSignal): Promise<ImageConfig> {
  const { digest, size } = config;
  if (size > MAX_BYTES) throw new LimitExceededError('image-config-bytes', `the image configuration has ${size} bytes`);
  const digester = createDigester(digestAlgorithm(digest));
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of source.open(config, signal)) {
    parts.push(part);
    digester.update(part);
    length += part.length;
    if (length > size) break;
  }
  if (length !== size) throw new LadingError('size-mismatch', `the image configuration does not have ${size} bytes`);
  if (digester.digest() !== digest)
    throw new LadingError('digest-mismatch', `the image configuration is not ${digest}`);
  return parseImageConfig(Buffer.concat(parts));
}
