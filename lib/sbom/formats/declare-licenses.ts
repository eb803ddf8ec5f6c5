import { digestHex, digestOf } from '../../core/digest.ts';
import type { SpdxLicenseText } from '../../formats/spdx/index.ts';
import { classifyLicense } from '../licenses.ts';

export interface DeclaredLicenses {
  /** One expression for all of them; absent where the package says nothing. */
  readonly expression: string | undefined;
  /** What the expression names that is on no list. */
  readonly texts: readonly SpdxLicenseText[];
  /** Whether reading the expression gives the licences back as they were. */
  readonly exact: boolean;
}

const NAMED = /LicenseRef-[A-Za-z0-9.-]+/g;

/**
 * Makes one SPDX expression of all the licences that a package names: all apply, unless it says otherwise itself. Words
 * that are no expression become a `LicenseRef`, so that nothing that the package says is lost or guessed at.
 */
export function declareLicenses(licenses: readonly string[]): DeclaredLicenses {
  const texts: SpdxLicenseText[] = [];
  const parts = [...new Set(licenses)].map((license) => {
    const found = classifyLicense(license);
    if (found.kind === 'id') return found.id;
    if (found.kind === 'expression' && !found.expression.includes('DocumentRef-')) {
      for (const id of found.expression.match(NAMED) ?? []) {
        texts.push({ id, name: id, text: `The package names the licence ${id} and does not say more of it.` });
      }
      return found.expression;
    }
    const id = `LicenseRef-${digestHex(digestOf(license)).slice(0, 16)}`;
    const name = license.replace(/\s+/g, ' ').trim().slice(0, 200);
    texts.push({ id, name: name === '' ? id : name, text: license.trim() === '' ? id : license });
    return id;
  });
  if (parts.length === 0) return { expression: undefined, texts, exact: true };
  const [only] = parts;
  const expression =
    parts.length === 1 ? only : parts.map((part) => (/\s(?:OR|AND)\s/i.test(part) ? `(${part})` : part)).join(' AND ');
  return {
    expression,
    texts,
    exact: licenses.length === 1 && (only === licenses[0] || texts[0]?.name === licenses[0]),
  };
}
