/** What a token is called at the registry: whose it is, and since when, because not every registry tells that. */
export const labelOf = (secret: string, at: Date): string => `lading ${shortened(secret)} ${at.toISOString()}`;

/** When the token of that name was minted; undefined for tokens of others, which are left alone. */
export function readLabel(label: string, secret: string): Date | undefined {
  const prefix = `lading ${shortened(secret)} `;
  if (!label.startsWith(prefix)) return undefined;
  const at = new Date(label.slice(prefix.length));
  return Number.isNaN(at.getTime()) || labelOf(secret, at) !== label ? undefined : at;
}

/** Names of tokens may have 255 characters; the end of an ARN says more than its beginning. */
const shortened = (secret: string): string => secret.slice(-200);
