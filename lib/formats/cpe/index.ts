/**
 * Names of products as vulnerability databases use them: CPE 2.3 (NIST IR 7695, "Common Platform Enumeration: Naming
 * Specification"). Here only names of products are made; attributes that are not given have any value.
 */
export interface CpeName {
  /** An application, an operating system, hardware. */
  readonly part: 'a' | 'o' | 'h';
  readonly vendor: string;
  readonly product: string;
  readonly version?: string | undefined;
  readonly targetSoftware?: string | undefined;
}

/** What a schema takes; longer names are nobody's. */
const MAX_LENGTH = 1024;
/** Printable ASCII without the space (NIST IR 7695, section 5.3.2). */
const WRITABLE = /^[!-~]+$/;
/** Section 6.2.3.1: letters, digits, `.`, `-` and `_` stand for themselves; all else is quoted, the wildcards too. */
const QUOTED = /[^A-Za-z0-9._-]/g;

/**
 * Writes the formatted string of a name (NIST IR 7695, section 6.2). Letters become small ones, as in every dictionary, and
 * white space `_`.
 *
 * @returns undefined where some attribute cannot be written: it is empty, has other characters than ASCII's, or is `-`
 *   alone, which would mean "not applicable"
 */
export function formatCpe({ part, vendor, product, version, targetSoftware }: CpeName): string | undefined {
  const values = [bind(vendor), bind(product), optional(version), optional(targetSoftware)] as const;
  if (values.some((one) => one === undefined)) return undefined;
  const [boundVendor, boundProduct, boundVersion, boundTarget] = values;
  const text = `cpe:2.3:${part}:${boundVendor}:${boundProduct}:${boundVersion}:*:*:*:*:${boundTarget}:*:*`;
  return text.length <= MAX_LENGTH ? text : undefined;
}

const ANY = '*';
const optional = (text: string | undefined): string | undefined =>
  text === undefined || text === '' ? ANY : bind(text);

function bind(text: string): string | undefined {
  const plain = text.trim().toLowerCase().replace(/\s+/g, '_');
  if (plain === '-' || !WRITABLE.test(plain)) return undefined;
  return plain.replace(QUOTED, '\\$&');
}

/** The patterns of CPE 2.2 and 2.3 (sections 6.1 and 6.2), as the schema of CycloneDX has them, on printable text. */
const CPE_23 = /^cpe:2\.3:[aho*-](?::(?:[A-Za-z0-9._*?-]|\\[!-~])+){10}$/;
const CPE_22 = /^[cC][pP][eE]:\/[AHOaho]?(?::[A-Za-z0-9._~%-]*){0,6}$/;
export const isCpe = (text: string): boolean => text.length <= MAX_LENGTH && (CPE_23.test(text) || CPE_22.test(text));
