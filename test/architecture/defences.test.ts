import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defences } from '../support/defences.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

// That each test fails without its defence is shown by `npm run interop defences`, which takes minutes.
describe('the list of defences', () => {
  it.each(defences.map((one) => [one.against, one] as const))('is true of: %s', (_, { removals, test }) => {
    for (const { file, text } of removals) expect(read(file).split(text).length - 1, `${text} in ${file}`).toBe(1);
    expect(read(test.file)).toContain(test.title.slice(0, 40));
  });

  it('is the table of the security page', () => {
    const rows = defences.map(({ against, test }) => `| ${against} | \`${test.file.replace(/^test\//, '')}\` |`);
    const page = read('docs/security.md');
    for (const row of new Set(rows)) expect(page).toContain(row);
  });
});
