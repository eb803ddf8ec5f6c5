import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventDefinitions } from '../lib/events/index.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the documents', () => {
  it('list every event', () => {
    const text = read('docs/events.md');
    for (const { detailType, source } of Object.values(eventDefinitions)) {
      expect(text).toContain(`## ${detailType}`);
      expect(text).toContain(`\`${source}\``);
    }
  });

  it('have a runbook for each kind of alarm', () => {
    const alarms = read('infra/constructs/alarms.ts');
    const named = /type Runbook =([^;]+);/.exec(alarms)?.[1]?.match(/[a-z-]+/g) ?? [];
    expect(named.length).toBeGreaterThan(0);
    const pages = readdirSync(join(root, 'docs/runbooks'));
    for (const name of named) expect(pages).toContain(`${name}.md`);
  });

  it('are about the project alone', () => {
    // Written apart so that this test does not find itself.
    const foreign = [['..', 'shared'].join('/'), ['tool', 'library'].join(' ')];
    const pages = [
      'README.md',
      ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((p) => `docs/${p}`),
    ];
    for (const page of pages.filter((p) => p.endsWith('.md'))) {
      for (const text of foreign) expect(read(page), page).not.toContain(text);
    }
  });
});
