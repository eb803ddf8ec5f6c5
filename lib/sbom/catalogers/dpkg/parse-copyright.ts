import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind } from '../cataloger.ts';
import { toSpdxExpression } from './to-spdx-expression.ts';

const MAX_LICENSES = 100;
const MAX_TEXT = 200;

/** What the copyright file of a package says of its licences: SPDX expressions, or its own words. */
export const copyrightFile: FileKind<string[]> = {
  id: 'dpkg-copyright',
  version: 1,
  match: { names: ['copyright'], accepts: (path) => /(?:^|\/)usr\/share\/doc\/[^/]+\/copyright$/.test(path) },
  maxBytes: 2 * 1024 * 1024,
  importance: 'file',
  parse: (content) => {
    const licenses = licensesIn(content.toString('utf8'));
    return licenses.length > 0 ? licenses : undefined;
  },
  schema: once(() => z.array(z.string())),
};

/**
 * Machine-readable files have a field `License`, whose first line is a name or formula; the others point to the texts that
 * all packages share (Debian Policy, section 12.5).
 */
function licensesIn(text: string): string[] {
  const found = new Set<string>();
  for (const [, words = ''] of text.matchAll(/^License:[ \t]*(\S[^\n]*)$/gim)) found.add(words.trim());
  if (found.size === 0) {
    for (const [, name = ''] of text.matchAll(/\/usr\/share\/common-licenses\/([A-Za-z0-9.-]*[A-Za-z0-9])/g)) {
      found.add(name);
    }
  }
  const licenses = [...found].slice(0, MAX_LICENSES).map((one) => toSpdxExpression(one) ?? one.slice(0, MAX_TEXT));
  return [...new Set(licenses)].sort();
}
