import { LadingError } from '../../core/errors.ts';

/**
 * Canonical JSON as The Update Framework signs it (OLPC's form; TUF specification, section 4.2): sorted keys, no white
 * space, integers only, and in texts nothing escaped but the quotation mark and the backslash.
 *
 * @throws LadingError `tuf-invalid` for numbers that are no integers
 */
export function canonicalOlpc(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return String(value);
    throw new LadingError('tuf-invalid', `${value} is not an integer`);
  }
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (Array.isArray(value)) return `[${value.map(canonicalOlpc).join(',')}]`;
  const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, member]) => `${canonicalOlpc(key)}:${canonicalOlpc(member)}`).join(',')}}`;
}
