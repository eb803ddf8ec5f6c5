import parseExpression from 'spdx-expression-parse';
import type { BomLicense } from '../formats/cyclonedx/index.ts';

/** Longer texts are licence texts and no names. */
const MAX_LENGTH = 1024;

/** Hundreds of packages have the same few licences, and to parse an expression takes as long as all else of a package. */
const MAX_KNOWN = 1000;
const known = new Map<string, BomLicense>();

/** Tells an SPDX id, an SPDX expression, and words that are neither apart. */
export function classifyLicense(text: string): BomLicense {
  if (text.length > MAX_LENGTH) return { kind: 'name', name: text };
  const before = known.get(text);
  if (before) return before;
  const license = classify(text);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(text, license);
  return license;
}

function classify(text: string): BomLicense {
  try {
    const expression = parseExpression(text);
    const simple = 'license' in expression && !expression.plus && !expression.exception;
    return simple && !text.startsWith('(') && !text.startsWith('LicenseRef-')
      ? { kind: 'id', id: expression.license }
      : { kind: 'expression', expression: text };
  } catch {
    return { kind: 'name', name: text };
  }
}

/** apk's field is an SPDX expression today; older packages list names with spaces between them. */
export function licenseList(text: string | undefined): string[] {
  if (!text) return [];
  return classifyLicense(text).kind === 'name' ? text.split(/[\s,]+/).filter((part) => part !== '') : [text];
}
