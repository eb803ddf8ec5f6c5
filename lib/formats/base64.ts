/**
 * Reads base64 in the standard or the URL-safe alphabet, with or without padding, and nothing else: `Buffer.from` skips
 * what it does not know, so that two readers would see different bytes. `undefined` for any other text.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!/^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/.test(text)) return undefined;
  const bare = text.replace(/=+$/, '');
  if (bare.length % 4 === 1 || (bare.length !== text.length && text.length % 4 !== 0)) return undefined;
  const bytes = Buffer.from(bare, 'base64');
  // Bits beyond the last whole byte must be zero (RFC 4648, section 3.5), or one value would have many spellings.
  const again = bytes.toString('base64').replace(/=+$/, '');
  return again === bare.replaceAll('-', '+').replaceAll('_', '/') ? new Uint8Array(bytes) : undefined;
}

export const encodeBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
