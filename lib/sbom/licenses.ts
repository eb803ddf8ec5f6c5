import parseExpression from 'spdx-expression-parse';
import type { BomLicense } from '../formats/cyclonedx/index.ts';

/** Longer texts are licence texts and no names. */
const MAX_LENGTH = 1024;

/** Tells an SPDX id, an SPDX expression, and words that are neither apart. */
export function classifyLicense(text: string): BomLicense {
  if (text.length > MAX_LENGTH) return { kind: 'name', name: text };
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
